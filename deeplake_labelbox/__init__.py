"""Labelbox video projects to Deep Lake datasets: every label on its frame."""

__version__ = "0.1.0"
