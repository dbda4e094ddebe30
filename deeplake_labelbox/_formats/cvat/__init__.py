"""Read and write CVAT for video."""
