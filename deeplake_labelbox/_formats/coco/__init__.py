"""COCO JSON of video frames."""
