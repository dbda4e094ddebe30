"""Draw frames of a dataset with their labels, and count what it holds."""
