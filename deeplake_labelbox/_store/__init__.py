"""Lay out, write and read Deep Lake datasets."""
