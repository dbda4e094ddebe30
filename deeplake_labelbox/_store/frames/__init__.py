"""Frames in a dataset: one file a way to store them, which writes and reads."""
