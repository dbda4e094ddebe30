"""Pair the objects of two sets of labels, by track or by box."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from deeplake_labelbox._compare.differences import Pair, Place, shape_at
from deeplake_labelbox._evaluation.boxes import NO_BOXES, Boxes, Size, boxes_by_class
from deeplake_labelbox._evaluation.tracking import same_objects
from deeplake_labelbox._formats.annotations import VideoAnnotations
from deeplake_labelbox._model.annotations import ToolKind
from deeplake_labelbox._model.kinds import GEOMETRIES
from deeplake_labelbox._model.kinds.geometry import GeometryKind


@dataclass(frozen=True, slots=True)
class TrackPairs:
    """Pairs the objects of two versions of a label by their tracks.

    Attributes:
        classes: Classes to compare.
    """

    classes: Collection[str]

    def __call__(self, first: VideoAnnotations, second: VideoAnnotations) -> Iterator[Pair]:
        """Yield each object of either side, once per frame."""
        sides = (first.tracks, second.tracks)
        places: dict[tuple[int, ToolKind, str, str], list[Place | None]] = {}
        for number, tracks in enumerate(sides):
            for index, track in enumerate(tracks):
                if track.class_name not in self.classes:
                    continue
                for place, frame in enumerate(track.frames.tolist()):
                    key = (frame, track.kind, track.class_name, track.track)
                    places.setdefault(key, [None, None])[number] = (index, place)
        # Frame by frame, the order in which masks are stored.
        for (frame, kind, *_), (a, b) in sorted(places.items(), key=lambda item: item[0]):
            if a is None or b is None:
                yield Pair(frame, a, b)
                continue
            shapes = shape_at(sides[0][a[0]], a[1]), shape_at(sides[1][b[0]], b[1])
            is_moved = not np.array_equal(*shapes)
            overlap = _overlap(GEOMETRIES[kind], *shapes) if is_moved else 1.0
            yield Pair(frame, a, b, overlap, is_moved)


@dataclass(frozen=True, slots=True)
class BoxPairs:
    """Pairs objects of the same class whose boxes overlap by at least half (IoU 0.5).

    Attributes:
        kinds: Kind of each class to compare.
        size: Size of the video's pictures, if known.
        moved_below: Overlap (IoU) below which an object is moved.
        note: Receives a note on each object that cannot be read or compared.
    """

    kinds: Mapping[str, ToolKind]
    size: Size | None
    moved_below: float
    note: Callable[[str], None]

    def __call__(self, first: VideoAnnotations, second: VideoAnnotations) -> Iterator[Pair]:
        """Yield each object of either side, once per frame."""
        boxes = [
            boxes_by_class(side.tracks, lambda name: name, self.kinds, self.size, self.note)
            for side in (first, second)
        ]
        for name in dict.fromkeys([*boxes[0], *boxes[1]]):
            a, b = (side.get(name, NO_BOXES) for side in boxes)
            places = _places(first, a), _places(second, b)
            for frame, track, other, overlap in same_objects(a, b):
                pair = places[0].pop((frame, track)), places[1].pop((frame, other))
                yield Pair(frame, *pair, overlap, overlap < self.moved_below)
            for (frame, _), place in places[0].items():
                yield Pair(frame, place, None)
            for (frame, _), place in places[1].items():
                yield Pair(frame, None, place)


def _places(side: VideoAnnotations, boxes: Boxes) -> dict[tuple[int, int], Place]:
    """Map frame and track number of each box to its place in the tracks."""
    found = {}
    for frame, track in zip(boxes.frames.tolist(), boxes.tracks.tolist(), strict=True):
        place = int(np.searchsorted(side.tracks[track].frames, frame))
        found[frame, track] = (track, place)
    return found


def _overlap(kind: GeometryKind, first: Any, second: Any) -> float:
    """Return the overlap (IoU) of the boxes of two shapes; 0 for points and lines."""
    if kind.detected_as is None:
        return 0.0
    (a,), (b,) = kind.boxes([first]), kind.boxes([second])
    size = np.minimum(a[:2] + a[2:], b[:2] + b[2:]) - np.maximum(a[:2], b[:2])
    common = float(np.prod(np.maximum(size, 0)))
    both = float(np.prod(a[2:]) + np.prod(b[2:])) - common
    return common / both if both else 0.0
