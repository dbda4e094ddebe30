"""Compare predictions with the labels of a dataset."""
