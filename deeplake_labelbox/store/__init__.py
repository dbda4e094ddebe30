"""Reads datasets of this package: frames, objects, answers and videos."""
