"""Update a dataset from its Labelbox project."""
