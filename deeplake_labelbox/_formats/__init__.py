"""Annotations of other tools and of datasets, read."""
