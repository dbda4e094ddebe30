"""Paint mask tracks into the composite masks of a data row.

All objects of a frame are painted into one picture, each in its own color. A composite is sent
where the picture changes, and in the last frame of an object: masks hold in between, and an object
ends at the first composite without it.
"""

from __future__ import annotations

import base64
import colorsys
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from deeplake_labelbox._formats.annotations import MaskSource, ObjectTrack
from deeplake_labelbox._imports.lines import FrameProblems
from deeplake_labelbox._imports.object_lines import runs

_GOLDEN_RATIO = 0.618034


@dataclass(slots=True)
class CompositeMasks:
    """The composite masks of one data row.

    Attributes:
        frames: ``{"index", "imBytes"}`` for each frame that a composite is drawn on.
        colors: Color of each track that has pixels, by its index in the list of tracks.
    """

    frames: list[dict[str, Any]]
    colors: dict[int, tuple[int, int, int]]


def composite_masks(
    tracks: Sequence[ObjectTrack],
    problems: Sequence[FrameProblems],
    *,
    size: tuple[int, int] | None,
    known_frames: NDArray[np.int64] | None,
) -> CompositeMasks:
    """Paint the mask tracks of a video; one frame is in memory at a time.

    Args:
        tracks: Tracks of kind ``raster-segmentation``.
        problems: Collect the problems of each track.
        size: Width and height that masks must have; ``None`` if unknown.
        known_frames: See `VideoAnnotations`.

    Returns:
        The composites; tracks without any pixel have no color.
    """
    painter = _Painter(tracks, problems, size)
    palette = np.array([(0, 0, 0), *_colors(len(tracks))], dtype=np.uint8)
    made = CompositeMasks([], {})
    shown: NDArray[np.uint16] | None = None
    for frame, is_end in _events(tracks, known_frames):
        picture = painter.picture(frame)
        if picture is None:
            continue
        unchanged = shown is not None and np.array_equal(picture, shown)
        if (unchanged and not is_end) or (shown is None and not picture.any()):
            continue
        for index in np.unique(picture[picture > 0]).tolist():
            red, green, blue = palette[index].tolist()
            made.colors[index - 1] = (red, green, blue)
        made.frames.append({"index": frame, "imBytes": _png(palette[picture])})
        shown = picture
    return made


def _events(
    tracks: Sequence[ObjectTrack], known_frames: NDArray[np.int64] | None
) -> Iterator[tuple[int, bool]]:
    """The frames to paint, and whether each is the last frame of an object's interval.

    These are the frames with objects, and the first one after each interval, which is black.
    """
    ends: set[int] = set()
    frames: set[int] = set()
    for track in tracks:
        frames.update(track.frames.tolist())
        ends.update(int(track.frames[end - 1]) for _, end in runs(track.frames, known_frames))
    last = max(frames, default=0)
    for end in ends:
        after = end + 1
        if known_frames is not None:
            place = int(np.searchsorted(known_frames, end, side="right"))
            after = int(known_frames[place]) if place < len(known_frames) else last + 1
        if after < last:
            frames.add(after)
    for frame in sorted(frames):
        yield frame, frame in ends


class _Painter:
    def __init__(
        self,
        tracks: Sequence[ObjectTrack],
        problems: Sequence[FrameProblems],
        size: tuple[int, int] | None,
    ) -> None:
        self._problems = problems
        self._shape = None if size is None else (size[1], size[0])
        self._by_frame: dict[int, list[tuple[int, MaskSource]]] = {}
        for index, track in enumerate(tracks):
            for frame, source in zip(track.frames.tolist(), track.coordinates, strict=True):
                self._by_frame.setdefault(frame, []).append((index, source))

    def picture(self, frame: int) -> NDArray[np.uint16] | None:
        """(H, W) number of the object in each pixel, from 1; 0 where there is none."""
        picture: NDArray[np.uint16] | None = None
        if self._shape is not None:
            picture = np.zeros(self._shape, dtype=np.uint16)
        for index, source in self._by_frame.get(frame, ()):
            pixels = self._pixels(index, source, frame)
            if pixels is None:
                continue
            if picture is None:
                picture = np.zeros(pixels.shape, dtype=np.uint16)
            if (picture[pixels] > 0).any():
                self._report(
                    index,
                    "the mask covers part of another; Labelbox keeps one object per pixel, the "
                    "later one",
                    frame,
                )
            picture[pixels] = index + 1
        return picture

    def _pixels(self, index: int, source: MaskSource, frame: int) -> NDArray[np.bool_] | None:
        try:
            pixels = source()
        except ValueError as error:
            self._report(index, f"the mask cannot be read: {error}", frame)
            return None
        if self._shape is None:
            self._shape = pixels.shape[0], pixels.shape[1]
        if pixels.shape != self._shape:
            self._report(
                index,
                f"the mask has {pixels.shape[1]} x {pixels.shape[0]} pixels, but the video has "
                f"{self._shape[1]} x {self._shape[0]}",
                frame,
            )
            return None
        if not pixels.any():
            self._report(index, "the mask is empty", frame)
        return pixels

    def _report(self, index: int, what: str, frame: int) -> None:
        self._problems[index].add(what, np.array([frame]))


def _colors(count: int) -> list[tuple[int, int, int]]:
    """Return distinct colors, always the same; the first ones are easy to tell apart."""
    colors: dict[tuple[int, int, int], None] = {}
    step = 0
    while len(colors) < count:
        value = 1.0 - 0.5 * ((step // 64) % 4) / 4
        rgb = colorsys.hsv_to_rgb(step * _GOLDEN_RATIO % 1.0, 0.85, value)
        colors[(round(rgb[0] * 255), round(rgb[1] * 255), round(rgb[2] * 255))] = None
        step += 1
        if step > 16 * count + 4096:
            # Hues have begun to repeat: count instead.
            number = len(colors) + 1
            colors[(number >> 16, number >> 8 & 255, number & 255)] = None
    return list(colors)


def _png(rgb: NDArray[np.uint8]) -> str:
    # Imports are named by their bytes, which must not vary by machine as those of ISA-L do.
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, format="PNG")
    return base64.b64encode(buffer.getvalue()).decode("ascii")
