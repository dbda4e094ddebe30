"""Deep Lake datasets."""
