"""Compare two sets of labels of the same videos, frame by frame."""
