"""Storages of frames in a dataset; each file writes and reads one of them."""
