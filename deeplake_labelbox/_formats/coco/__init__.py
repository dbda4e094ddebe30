"""Read and write COCO JSON of video frames."""
