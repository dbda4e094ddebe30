"""Errors of tracks, by motmetrics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._evaluation.boxes import NO_BOXES, Boxes
from deeplake_labelbox._evaluation.libraries import library

_LEAST_IOU: Final = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class TrackErrors:
    """The errors in the tracks of one class in one video.

    Attributes:
        missed: The frame of each object that was not predicted.
        false: The frame of each prediction without an object.
        switched: The frame of each object that goes on with another track of the predictions.
        same: Number of boxes in which the tracks agree, if each track of the dataset is given
            the track of the predictions with which most do (IDTP).
    """

    missed: NDArray[np.int64]
    false: NDArray[np.int64]
    switched: NDArray[np.int64]
    same: int


def track_errors(truth: Boxes, found: Boxes) -> TrackErrors:
    """Compare the tracks of a class in a video; boxes match from an IoU of 0.5."""
    motmetrics, iou = library("motmetrics"), library("pycocotools.mask").iou
    events = motmetrics.MOTAccumulator(auto_id=False)
    of_truth, of_found = truth.by_frame(), found.by_frame()
    for frame in sorted({*of_truth, *of_found}):
        objects, predictions = of_truth.get(frame, NO_BOXES), of_found.get(frame, NO_BOXES)
        distances = np.full((len(objects), len(predictions)), np.nan)
        if distances.size:
            # Crowds, of which there are none, are the second side.
            overlap = iou(predictions.boxes, objects.boxes, [0] * len(objects)).T
            distances = np.where(overlap >= _LEAST_IOU, 1 - overlap, np.nan)
        events.update(objects.tracks, predictions.tracks, distances, frameid=frame)
    same = motmetrics.metrics.create().compute(events, metrics=["idtp"], return_dataframe=False)
    told = events.mot_events
    frames = told.index.get_level_values("FrameId").to_numpy()
    kinds = told["Type"].to_numpy()
    missed, false, switched = (
        frames[kinds == kind].astype(np.int64) for kind in ("MISS", "FP", "SWITCH")
    )
    return TrackErrors(missed, false, switched, int(same["idtp"]))
