"""Annotations from anywhere into a Labelbox project: as ground truth or as pre-labels."""
