"""Boxes of a video by class, of the dataset or of predictions."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._counts import counted
from deeplake_labelbox._evaluation.libraries import library
from deeplake_labelbox._formats.annotations import ObjectTrack
from deeplake_labelbox._model.annotations import ToolKind
from deeplake_labelbox._model.kinds import GEOMETRIES

Size = tuple[int, int]
"""Width and height in pixels."""

_NO_SCORE = 1.0
_PLURALS: Mapping[str, str] = {
    "rectangle": "rectangles",
    "polygon": "polygons",
    "raster-segmentation": "masks",
}


@dataclass(frozen=True, slots=True, eq=False)
class Boxes:
    """The N boxes of a class in a video, by frame.

    Attributes:
        frames: (N,) int64, ascending.
        tracks: (N,) int64: numbers of the tracks, unique in the video.
        boxes: (N, 4) float64 left, top, width, height in pixels.
        scores: (N,) float64.
        masks: (N,) objects: the run-length encoding of pycocotools, or ``None``.
    """

    frames: NDArray[np.int64]
    tracks: NDArray[np.int64]
    boxes: NDArray[np.float64]
    scores: NDArray[np.float64]
    masks: NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.frames)

    def take(self, chosen: NDArray[np.bool_]) -> Boxes:
        """Select boxes."""
        return Boxes(*(each[chosen] for each in self.arrays))

    def by_frame(self) -> dict[int, Boxes]:
        """Group the boxes by frame."""
        frames, starts = np.unique(self.frames, return_index=True)
        parts = zip(*(np.split(each, starts[1:]) for each in self.arrays), strict=True)
        return dict(zip(frames.tolist(), (Boxes(*part) for part in parts), strict=False))

    @property
    def arrays(self) -> tuple[NDArray[Any], ...]:
        """Frames, tracks, boxes, scores and masks."""
        return self.frames, self.tracks, self.boxes, self.scores, self.masks

    @classmethod
    def joined(cls, parts: Iterable[Boxes]) -> Boxes:
        """Join the boxes of several tracks, ordered by frame."""
        columns = [np.concatenate(each) for each in zip(*(p.arrays for p in parts), strict=True)]
        order = np.argsort(columns[0], kind="stable")
        return cls(*(each[order] for each in columns))


NO_BOXES = Boxes(
    np.zeros(0, np.int64),
    np.zeros(0, np.int64),
    np.zeros((0, 4)),
    np.zeros(0),
    np.zeros(0, np.object_),
)


def has_mask(kind: ToolKind) -> bool:
    """Whether objects of a kind are filled areas."""
    return GEOMETRIES[kind].detected_as == "mask"


def has_box(kind: ToolKind) -> bool:
    """Whether objects of a kind have a box that can be compared."""
    return GEOMETRIES[kind].detected_as is not None


def boxes_by_class(
    tracks: Sequence[ObjectTrack],
    mapped: Callable[[str], str],
    kinds: Mapping[str, ToolKind],
    size: Size | None,
    note: Callable[[str], None],
    masked: Container[str] = (),
) -> dict[str, Boxes]:
    """Return the boxes of tracks by class, including those around masks and polygons.

    Boxes with no area inside the picture are ignored, as in `to_coco`.

    Args:
        tracks: The tracks of a video.
        mapped: Returns the class of the dataset for a class of the tracks; empty to leave it out.
        kinds: Kind of each class to compare. Objects of the class with another kind are used only
            if no object of the video has this kind.
        size: Size of the video's pictures, if known.
        note: Receives a note on objects that cannot be read or are ignored.
        masked: Classes whose masks are needed besides their boxes.
    """
    chosen: dict[str, list[tuple[int, ObjectTrack]]] = {}
    for number, track in enumerate(tracks):
        name = mapped(track.class_name)
        if name in kinds and has_box(track.kind):
            chosen.setdefault(name, []).append((number, track))
    wanted = []
    for name, found in chosen.items():
        own = {track.kind for _, track in found}
        kind = kinds[name] if kinds[name] in own else next(k for k in GEOMETRIES if k in own)
        if others := sum(len(track.frames) for _, track in found if track.kind != kind):
            note(
                f"ignored {counted(others, 'object')} of {name!r}, because the class also has "
                f"{_PLURALS[kind]}"
            )
        wanted += [(name, number, track) for number, track in found if track.kind == kind]
    areas = {n: track for _, n, track in wanted if has_mask(track.kind)}
    encoded = {n for name, n, track in wanted if has_mask(track.kind) and name in masked}
    masks = _masks(areas, encoded, size, note)
    made: dict[str, list[Boxes]] = {}
    outside = 0
    for name, number, track in wanted:
        boxes, codes = masks[number] if number in masks else _boxes(track)
        scores = np.ones(len(boxes)) if track.scores is None else track.scores.copy()
        scores[np.isnan(scores)] = _NO_SCORE
        every = Boxes(track.frames, np.full(len(boxes), number, np.int64), boxes, scores, codes)
        is_within = _has_area(boxes, size)
        outside += len(boxes) - int(is_within.sum())
        made.setdefault(name, []).append(every.take(is_within))
    if outside:
        note(f"ignored {counted(outside, 'object')} with no area inside the picture")
    return {name: Boxes.joined(parts) for name, parts in made.items()}


_Shapes = tuple[NDArray[np.float64], NDArray[np.object_]]
"""Boxes and masks of the frames of a track."""


def _boxes(track: ObjectTrack) -> _Shapes:
    shapes: Any = track.coordinates
    boxes = GEOMETRIES[track.kind].boxes(shapes).astype(np.float64)
    return boxes, np.full(len(boxes), None)


def _masks(
    tracks: Mapping[int, ObjectTrack],
    encoded: Container[int],
    size: Size | None,
    note: Callable[[str], None],
) -> dict[int, _Shapes]:
    """Read the boxes and masks of tracks by track number.

    Masks are read frame by frame, the order in which they are stored.

    Args:
        tracks: Tracks of masks and polygons.
        encoded: Tracks whose masks are needed.
        size: Width and height of the picture; masks of another size are left out.
        note: Receives a note on masks that cannot be read or have another size.
    """
    encode = library("pycocotools.mask").encode
    made: dict[int, _Shapes] = {}
    places = []
    for number, track in tracks.items():
        if GEOMETRIES[track.kind].is_mask:
            count = len(track.frames)
            made[number] = np.zeros((count, 4)), np.full(count, None)
        else:
            made[number] = _boxes(track)
        places += [(int(frame), number, place) for place, frame in enumerate(track.frames)]
    odd = 0
    for frame, number, place in sorted(places):
        track, kind = tracks[number], GEOMETRIES[tracks[number].kind]
        shape: Any = track.coordinates[place]
        boxes, masks = made[number]
        if kind.is_mask:
            try:
                shape = shape()
            except ValueError as error:
                note(f"frame {frame}: the mask of {track.class_name!r} {track.track}: {error}")
                continue
            boxes[place] = kind.boxes([shape])[0]
        if number not in encoded or size is None:
            continue
        pixels = kind.masks([shape], *size[::-1])[0] if not kind.is_mask else shape
        if pixels.shape == size[::-1]:
            masks[place] = encode(np.asfortranarray(pixels, dtype=np.uint8))
        else:
            odd += 1
    if odd:
        note(f"compared only the boxes of {counted(odd, 'mask')}, whose size is not the video's")
    return made


def _has_area(boxes: NDArray[np.float64], size: Size | None) -> NDArray[np.bool_]:
    start, end = boxes[:, :2], boxes[:, :2] + boxes[:, 2:]
    if size is not None:
        start, end = np.maximum(start, 0), np.minimum(end, size)
    found: NDArray[np.bool_] = np.logical_and.reduce((*np.isfinite(boxes).T, *(end > start).T))
    return found
