"""Read and write YOLO of Ultralytics."""
