"""Read and write the annotation formats of other tools, and read datasets."""
