"""Find the errors of tracks with motmetrics."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._evaluation.boxes import NO_BOXES, Boxes
from deeplake_labelbox._evaluation.libraries import library

States = NDArray[np.str_]

_LEAST_IOU: Final = 0.5
_STATES: Final = {"MISS": "missed", "FP": "false", "SWITCH": "switched"}


@dataclass(frozen=True, slots=True, eq=False)
class TrackErrors:
    """The errors in the tracks of one class in one video.

    Attributes:
        of_truth: (N,) text: state of each box of the dataset: ``right``, ``missed`` if it was not
            predicted, ``switched`` if its predicted track changes here.
        of_found: (M,) text: state of each predicted box: ``right``, ``false`` if there is no
            object, ``switched``. No box is switched if the predictions have no tracks.
        same: Number of boxes whose tracks agree, in the best one-to-one match of tracks (IDTP);
            ``None`` if the predictions have no tracks.
    """

    of_truth: States
    of_found: States
    same: int | None


def track_errors(truth: Boxes, found: Boxes, *, has_tracks: bool = True) -> TrackErrors:
    """Compare the tracks of a class in a video; boxes match if their IoU is 0.5 or more.

    Args:
        truth: Boxes of the dataset.
        found: Predicted boxes.
        has_tracks: Whether predicted boxes are linked to tracks.
    """
    events, pairs = _events(truth, found)
    if not has_tracks:
        events = events[events["Type"] != "SWITCH"]
    same = _identity_matches(pairs) if has_tracks else None
    return TrackErrors(_states(truth, events, "OId"), _states(found, events, "HId"), same)


def same_objects(truth: Boxes, found: Boxes) -> Iterator[tuple[int, int, int, float]]:
    """Yield the boxes that match, by the rules of `track_errors`.

    Yields:
        Frame, track on the first side, track on the second side, overlap (IoU) of the boxes.
    """
    events, _ = _events(truth, found)
    matched = events[events["Type"].isin(("MATCH", "SWITCH"))]
    frames = matched.index.get_level_values("FrameId")
    columns = (matched[name] for name in ("OId", "HId", "D"))
    for frame, track, other, distance in zip(frames, *columns, strict=True):
        yield int(frame), int(track), int(other), 1 - float(distance)


def _events(truth: Boxes, found: Boxes) -> tuple[Any, NDArray[np.int64]]:
    """Return motmetrics' events, and the (2, N) tracks of all boxes that overlap enough."""
    motmetrics, iou = library("motmetrics"), library("pycocotools.mask").iou
    events = motmetrics.MOTAccumulator(auto_id=False)
    of_truth, of_found = truth.by_frame(), found.by_frame()
    pairs = [np.zeros((2, 0), np.int64)]
    for frame in sorted({*of_truth, *of_found}):
        objects, predictions = of_truth.get(frame, NO_BOXES), of_found.get(frame, NO_BOXES)
        distances = np.full((len(objects), len(predictions)), np.nan)
        if distances.size:
            # The zeros: no object is a crowd.
            overlap = iou(predictions.boxes, objects.boxes, [0] * len(objects)).T
            distances = np.where(overlap >= _LEAST_IOU, 1 - overlap, np.nan)
            rows, columns = np.nonzero(overlap >= _LEAST_IOU)
            pairs.append(np.stack([objects.tracks[rows], predictions.tracks[columns]]))
        events.update(objects.tracks, predictions.tracks, distances, frameid=frame)
    return events.mot_events, np.concatenate(pairs, axis=1)


def _states(boxes: Boxes, events: Any, column: str) -> States:
    """Return the state of each box; a column of motmetrics' events has its track."""
    states = np.full(len(boxes), "right", "U8")
    keys = zip(boxes.frames.tolist(), boxes.tracks.tolist(), strict=True)
    places = {key: place for place, key in enumerate(keys)}
    for kind, state in _STATES.items():
        chosen = events[(events["Type"] == kind) & events[column].notna()]
        frames = chosen.index.get_level_values("FrameId")
        for key in zip(frames.tolist(), chosen[column].tolist(), strict=True):
            states[places[key]] = state
    return states


def _identity_matches(pairs: NDArray[np.int64]) -> int:
    """Count the boxes whose tracks agree, in the best one-to-one match of tracks (IDTP).

    For this, motmetrics needs memory for the square of the number of tracks, and a detector finds
    hundreds of thousands. Here, tracks that never overlap are matched separately.

    Args:
        pairs: (2, N) tracks of the dataset and of the predictions, of all boxes that match.
    """
    sparse, assign = library("scipy.sparse"), library("scipy.optimize").linear_sum_assignment
    (of_truth, rows), (of_found, columns) = (np.unique(side, return_inverse=True) for side in pairs)
    counts = sparse.coo_array(
        (np.ones(len(rows)), (rows, columns)), shape=(len(of_truth), len(of_found))
    ).tocsr()
    links = sparse.block_array([[None, counts], [counts.T, None]])
    _, groups = library("scipy.sparse.csgraph").connected_components(links, directed=False)
    same = 0.0
    for group in np.unique(groups):
        chosen = counts[groups[: len(of_truth)] == group]
        dense = chosen[:, groups[len(of_truth) :] == group].toarray()
        same += dense[assign(dense, maximize=True)].sum()
    return int(same)
