"""Labelbox and a dataset that exists brought in step again."""
