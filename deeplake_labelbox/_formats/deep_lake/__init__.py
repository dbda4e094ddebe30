"""Read Deep Lake datasets."""
