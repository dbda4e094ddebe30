"""Annotations from anywhere into a Labelbox project: as ground truth or as pre-labels."""

from deeplake_labelbox.ground_truth.annotations import (
    Box,
    FrameAnnotation,
    GlobalAnnotation,
    Line,
    Mask,
    ObjectAnnotation,
    Point,
)
from deeplake_labelbox.ground_truth.importing import import_annotations
from deeplake_labelbox.ground_truth.outcome import AnnotationOutcome, ImportedFile, ImportResult

__all__ = [
    "AnnotationOutcome",
    "Box",
    "FrameAnnotation",
    "GlobalAnnotation",
    "ImportResult",
    "ImportedFile",
    "Line",
    "Mask",
    "ObjectAnnotation",
    "Point",
    "import_annotations",
]
