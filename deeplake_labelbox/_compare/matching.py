"""Pair the objects of two labels: by their tracks, or by their boxes."""

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
    """Finds the objects of two versions of a label that have the same track.

    Attributes:
        classes: The classes that are compared.
    """

    classes: Collection[str]

    def __call__(self, first: VideoAnnotations, second: VideoAnnotations) -> Iterator[Pair]:
        """Yield each object of either label in each of its frames."""
        sides = (first.tracks, second.tracks)
        places: dict[tuple[int, ToolKind, str, str], list[Place | None]] = {}
        for number, tracks in enumerate(sides):
            for index, track in enumerate(tracks):
                if track.class_name not in self.classes:
                    continue
                for place, frame in enumerate(track.frames.tolist()):
                    key = (frame, track.kind, track.class_name, track.track)
                    places.setdefault(key, [None, None])[number] = (index, place)
        # By frame, as masks are stored.
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
    """Finds the objects of one class whose boxes overlap by half (IoU 0.5) or more.

    Attributes:
        kinds: The kind of each class that is compared.
        size: Size of the video's pictures, if it is known.
        moved_below: Overlap (IoU) below which an object is moved.
        note: Takes what could not be read.
    """

    kinds: Mapping[str, ToolKind]
    size: Size | None
    moved_below: float
    note: Callable[[str], None]

    def __call__(self, first: VideoAnnotations, second: VideoAnnotations) -> Iterator[Pair]:
        """Yield each object of either label in each of its frames."""
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
    """Where each box is in its label, by frame and number of its track."""
    found = {}
    for frame, track in zip(boxes.frames.tolist(), boxes.tracks.tolist(), strict=True):
        place = int(np.searchsorted(side.tracks[track].frames, frame))
        found[frame, track] = (track, place)
    return found


def _overlap(kind: GeometryKind, first: Any, second: Any) -> float:
    """How far the boxes of two shapes overlap (IoU); 0 for points and lines."""
    if kind.detected_as is None:
        return 0.0
    (a,), (b,) = kind.boxes([first]), kind.boxes([second])
    size = np.minimum(a[:2] + a[2:], b[:2] + b[2:]) - np.maximum(a[:2], b[:2])
    common = float(np.prod(np.maximum(size, 0)))
    both = float(np.prod(a[2:]) + np.prod(b[2:])) - common
    return common / both if both else 0.0
