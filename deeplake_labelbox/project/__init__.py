"""Labelbox: export a project, read its ontology and its labels."""
