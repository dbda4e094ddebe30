"""Convert the objects of frames to the form that the page's script reads."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from deeplake_labelbox._model.kinds import GEOMETRIES
from deeplake_labelbox._model.kinds.masks import bounds_of
from deeplake_labelbox._pictures.frame_annotations import AnnotationReader
from deeplake_labelbox._pictures.timelines import VideoTimeline
from deeplake_labelbox._store.cells import Rows
from deeplake_labelbox._store.objects import FamilyObjects

_DIGITS: Final = 1  # of coordinates, in pixels of the stored frame


def page_objects(
    readers: Sequence[AnnotationReader],
    timelines: Sequence[VideoTimeline],
    rows: Rows,
    width: int,
) -> dict[str, Any]:
    """Read the objects of frames.

    Args:
        readers: Reader of the labels of each layer.
        timelines: The timelines of the video, by layer.
        rows: (F,) the rows of the frames.
        width: Greatest width of masks in pixels.

    Returns:
        ``layers``: for each layer and frame the objects, each with the index of its track in the
        timeline, 1 if it was drawn in this frame, its numbers or the index of its mask, and the
        index of its answers or -1. ``masks``: left, top, width, height and a PNG file as base64.
        ``answers``: lists of pairs of question and answer. Equal masks and answers occur once.
    """
    masks = _Masks(width)
    answers: dict[tuple[tuple[str, str], ...], int] = {}
    layers = []
    for reader, timeline in zip(readers, timelines, strict=True):
        tracks = {(t.kind, t.class_name, t.track_id): n for n, t in enumerate(timeline.tracks)}
        frames: list[list[Any]] = [[] for _ in rows]
        for found in reader.objects(rows):
            kind = found.family.kind
            for index, place in enumerate(found.places.tolist()):
                shape: Any = found.shapes[index]
                shape = masks.add(shape) if GEOMETRIES[kind].is_mask else _numbers(shape)
                if shape is None:
                    continue
                track_id = int(found.track_ids[index])
                track = tracks[kind, found.class_name(index), track_id if track_id >= 0 else None]
                words = _answers(found, index)
                number = answers.setdefault(words, len(answers)) if words else -1
                frames[place].append([track, int(found.key_frames[index]), shape, number])
        layers.append(frames)
    return {"layers": layers, "masks": masks.files, "answers": list(answers)}


def _answers(found: FamilyObjects, index: int) -> tuple[tuple[str, str], ...]:
    every = ((name, answers.words[index]) for name, answers in found.answers.items())
    return tuple((name, words) for name, words in every if words)


def _numbers(shape: NDArray[Any]) -> list[float | int]:
    """Flatten the coordinates of a shape; those that are not finite, which JSON lacks, become 0."""
    numbers = np.nan_to_num(np.asarray(shape, dtype=np.float64)).reshape(-1)
    rounded = (round(float(number), _DIGITS) for number in numbers)
    return [int(number) if number.is_integer() else number for number in rounded]


class _Masks:
    """Masks as PNG files; a mask that is held over many frames is stored once.

    Args:
        max_width: Greatest width of the whole masks in pixels.

    Attributes:
        files: Left, top, width and height in pixels of the frame, and a PNG of the inside.
    """

    def __init__(self, max_width: int) -> None:
        self.files: list[list[Any]] = []
        self._max_width = max_width
        self._known: dict[tuple[Any, ...], int] = {}

    def add(self, shape: NDArray[Any]) -> int | None:
        """Add a mask (H, W) and return its index; ``None`` if it is empty."""
        mask: NDArray[np.bool_] = np.asarray(shape, dtype=bool)
        height, width = mask.shape
        scale = min(1.0, self._max_width / width)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        if (width, height) != size:
            whole = Image.fromarray(mask.astype(np.uint8) * 255)
            mask = np.asarray(whole.resize(size, Image.Resampling.BILINEAR)) >= 128
        left, top, right, bottom = bounds_of(mask)
        if right == 0:
            return None
        inside = mask[top:bottom, left:right]
        across, down = width / size[0], height / size[1]
        box = [left * across, top * down, (right - left) * across, (bottom - top) * down]
        key = (*box, np.packbits(inside).tobytes())
        if key not in self._known:
            self._known[key] = len(self.files)
            self.files.append([*(round(float(v), _DIGITS) for v in box), _png(inside)])
        return self._known[key]


def _png(mask: NDArray[np.bool_]) -> str:
    """Encode a PNG of one bit per pixel, transparent outside the mask, as base64."""
    image = Image.fromarray(mask.astype(np.uint8), mode="P")
    image.putpalette([0, 0, 0, 255, 255, 255])
    file = io.BytesIO()
    image.save(file, "PNG", bits=1, transparency=0, optimize=True)
    return base64.b64encode(file.getvalue()).decode()
