"""A local Labelbox that the real SDK talks to."""
