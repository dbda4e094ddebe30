"""Export a Labelbox project."""
