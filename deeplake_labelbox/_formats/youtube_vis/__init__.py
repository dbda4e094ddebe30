"""Read and write YouTube-VIS."""
