"""Send annotations to a Labelbox project, as ground truth or pre-labels."""
