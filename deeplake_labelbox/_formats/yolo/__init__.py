"""YOLO of Ultralytics."""
