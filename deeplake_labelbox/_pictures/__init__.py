"""Draw frames of a dataset with their labels, and compute statistics."""
