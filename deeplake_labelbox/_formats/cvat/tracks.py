"""Expand tracks of CVAT from the written shapes to a shape on every frame.

A shape is held until the next one of its track; boxes, points, lines and polygons move linearly
towards it. An ``outside`` shape ends it. CVAT itself writes every frame with the object and leaves
out deleted frames. A single shape that is not a track has one frame; an ``outside`` shape follows
it only if there is a later frame. Source: docs.cvat.ai, "CVAT for video", and CVAT's
``dataset_manager/formats/cvat.py``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final
from xml.etree.ElementTree import Element

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._formats.annotations import Answers
from deeplake_labelbox._formats.cvat.tasks import CvatTask
from deeplake_labelbox._formats.tracks import vertices
from deeplake_labelbox._model.annotations import ToolKind

KINDS: Final[Mapping[str, ToolKind]] = {
    "box": "rectangle",
    "points": "point",
    "polyline": "line",
    "polygon": "polygon",
    "mask": "raster-segmentation",
}
"""Kind of geometry by CVAT's name of a shape."""

_FEWEST_VERTICES: Final = {"points": 1, "polyline": 2, "polygon": 3}

_DELETED = "frames inside it are missing, because CVAT leaves out deleted frames; not labeled"
_HELD = "the number of its vertices changes, so the shape is held in between"
_NO_END = "the file does not say how many frames it has; the object ends with its last shape"


@dataclass(frozen=True, slots=True, eq=False)
class CvatShape:
    """A shape on a frame.

    Attributes:
        frame: Frame of the video, from 0.
        value: Value for the `TrackBuilder`; ``None`` if the object is not in the picture.
        drawn: Whether it is a key frame.
        answers: The attributes.
        left_out: Whether it is on a frame that the task does not have.
    """

    frame: int
    value: Any
    drawn: bool
    answers: Answers
    left_out: bool = False


@dataclass(slots=True)
class CvatTrack:
    """A track as written in the file.

    Attributes:
        kind: Kind of geometry.
        shapes: The shapes, ascending.
        lists_all_frames: Whether frames between key frames are written as well.
        is_single: Whether it is a single shape, not a track.
        occluded: Frames on which it is marked as occluded, from 0.
        problems: What cannot be imported, with frames from 0; no frames if the video does not have
            them.
    """

    kind: ToolKind
    shapes: list[CvatShape] = field(default_factory=list)
    lists_all_frames: bool = False
    is_single: bool = False
    occluded: list[int] = field(default_factory=list)
    problems: dict[str, list[int]] = field(default_factory=dict)

    def on_every_frame(self, task: CvatTask) -> Iterator[CvatShape]:
        """Yield the shape on every frame with the object; record problems."""
        for shape, following in zip(self.shapes, [*self.shapes[1:], None], strict=True):
            if shape.value is None:
                continue
            yield shape
            end = self._end(shape, following, task)
            if end == shape.frame:
                continue
            change = self._change(shape, following)
            for frame in range(shape.frame + 1, end + 1):
                value = shape.value
                if change is not None and following is not None:
                    part = (frame - shape.frame) / (following.frame - shape.frame)
                    value = value + change * part
                yield replace(shape, frame=frame, value=value, drawn=False)

    def _change(self, shape: CvatShape, following: CvatShape | None) -> NDArray[np.float64] | None:
        """Return the change of coordinates to the next shape; ``None`` if they are held."""
        if self.kind == "raster-segmentation" or following is None or following.value is None:
            return None
        if len(following.value) != len(shape.value):
            self.note(_HELD, shape.frame)
            return None
        change: NDArray[np.float64] = following.value - shape.value
        return change

    def _end(self, shape: CvatShape, following: CvatShape | None, task: CvatTask) -> int:
        """Return the last frame on which a shape is held or moves towards the next one."""
        if following is None:
            if self.is_single:
                return shape.frame
            if task.last is None:
                self.note(_NO_END, shape.frame)
                return shape.frame
            after = task.last + 1
        elif following.left_out:
            return shape.frame
        else:
            after = following.frame
        # Nothing is known between two frames of the task.
        last = max(shape.frame, task.last_before(after))
        if self.lists_all_frames and last > shape.frame:
            for frame in range(shape.frame + task.step, last + 1, task.step):
                self.note(_DELETED, frame)
            return shape.frame
        if following is None or following.value is None:
            return last
        return following.frame - 1

    def note(self, what: str, frame: int) -> None:
        """Record a problem on a frame, from 0."""
        self.problems.setdefault(what, []).append(frame)


def read_track(element: Element, task: CvatTask) -> CvatTrack:
    """Read a ``<track>``.

    Raises:
        ValueError: If nothing of it can be imported; the message has the shape and the reason.
    """
    if not element.get("label"):
        raise ValueError("it has no label")
    tags = {shape.tag for shape in element}
    if unsupported := sorted(tags - KINDS.keys()):
        raise ValueError(
            f"it is drawn as {' and '.join(unsupported)}, which Labelbox does not have"
        )
    if len(tags) != 1:
        raise ValueError(f"it is drawn as {' and '.join(sorted(tags)) or 'nothing'}")
    track = CvatTrack(KINDS[tags.pop()])
    shapes: dict[int, CvatShape] = {}
    left_out: list[int] = []
    for written in element:
        shape = _shape(written, task)
        if shape.frame in shapes:
            track.note("it is in the frame twice; the first one is used", shape.frame)
            continue
        if shape.value is not None and not task.has(shape.frame):
            left_out.append(shape.frame + task.offset)
            shape = replace(shape, value=None, left_out=True)
        shapes[shape.frame] = shape
        track.lists_all_frames |= not shape.drawn
        if shape.value is not None and written.get("occluded") == "1":
            track.occluded.append(shape.frame)
    track.shapes = [shapes[frame] for frame in sorted(shapes)]
    track.is_single = len(shapes) == 1 and _is_single(track, task)
    if left_out:
        what = f"left out on {task.frames_in_words(left_out)}"
        track.problems[what] = []
    if not any(shape.value is not None for shape in track.shapes):
        raise ValueError("; ".join(track.problems) or "it is outside the picture in all frames")
    return track


def _is_single(track: CvatTrack, task: CvatTask) -> bool:
    """Return whether the only shape of a track stands for a single shape in CVAT's files.

    CVAT compares numbers of the file, even in a project, where they continue.
    """
    if track.kind == "raster-segmentation":
        return True
    stop = task.stop_frame if task.stop_frame is not None else task.last
    return stop is not None and track.shapes[0].frame + task.offset + task.step >= stop


def _shape(element: Element, task: CvatTask) -> CvatShape:
    written = element.get("frame")
    place = f'<{element.tag} frame="{written}">'
    try:
        frame = int(written or "")
    except ValueError as error:
        raise ValueError(f"{place} has no frame number") from error
    if frame < 0:
        raise ValueError(f"{place} has a negative frame number")
    frame -= task.offset
    if task.has(frame):
        place += f" (frame {frame + 1})"
    value = None
    if element.get("outside") != "1":
        try:
            value = _value(element, task.size)
        except KeyError as error:
            raise ValueError(f"{place} has no {error.args[0]}") from error
        except ValueError as error:
            raise ValueError(f"{place} {error}") from error
    answers = {
        str(attribute.get("name")): (attribute.text or "").strip()
        for attribute in element.iterfind("attribute")
    }
    return CvatShape(
        frame=frame,
        value=value,
        drawn=element.get("keyframe", "1") == "1",
        answers={name: answer for name, answer in answers.items() if answer},
    )


def _value(element: Element, size: tuple[int, int] | None) -> Any:
    if element.tag == "mask":
        return _mask(element, size)
    rotation = _number(element, "rotation") if element.get("rotation") else 0.0
    if rotation % 360:
        raise ValueError(
            f"is rotated by {rotation:g} degrees; Labelbox has no rotated shapes in videos"
        )
    if element.tag == "box":
        left, top, right, bottom = (_number(element, key) for key in ("xtl", "ytl", "xbr", "ybr"))
        if right < left or bottom < top:
            raise ValueError("ends before it begins")
        return np.array([left, top, right - left, bottom - top])
    try:
        points = vertices(pair.split(",") for pair in element.attrib["points"].split(";"))
    except ValueError as error:
        written = element.attrib["points"][:60]
        raise ValueError(
            f"has the points {written!r}, which are not pairs of finite numbers"
        ) from error
    if len(points) < _FEWEST_VERTICES[element.tag]:
        raise ValueError(f"has {len(points)} vertices; it needs {_FEWEST_VERTICES[element.tag]}")
    if element.tag != "points":
        return points
    if len(points) > 1:
        raise ValueError(f"has {len(points)} points; a Labelbox point has only one")
    return points[0]


def _mask(element: Element, size: tuple[int, int] | None) -> Any:
    if size is None:
        raise ValueError("is a mask, which needs the <original_size> of its task")
    left, top, width, height = (
        _whole(element, key, element.attrib[key]) for key in ("left", "top", "width", "height")
    )
    lengths = [_whole(element, "rle", length) for length in element.attrib["rle"].split(",")]
    if min(left, top) < 0 or left + width > size[0] or top + height > size[1]:
        raise ValueError(
            f"leaves the picture of {size[0]} x {size[1]} pixels: it is at {left}, {top}, with "
            f"{width} x {height} pixels"
        )
    if width < 1 or height < 1 or min(lengths) < 0 or sum(lengths) != width * height:
        raise ValueError(f"is damaged: its runs cover {sum(lengths)} pixels of {width} x {height}")
    return partial(_mask_pixels, lengths, (left, top, width, height), size)


def _mask_pixels(
    lengths: list[int], box: tuple[int, int, int, int], size: tuple[int, int]
) -> NDArray[np.bool_]:
    """Decode runs along the rows of the mask's box, beginning with background."""
    left, top, width, height = box
    pixels = np.zeros((size[1], size[0]), dtype=np.bool_)
    runs = np.repeat(np.arange(len(lengths)) % 2 == 1, lengths)
    pixels[top : top + height, left : left + width] = runs.reshape(height, width)
    return pixels


def _whole(element: Element, key: str, text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise ValueError(f"has the {key} {element.attrib[key][:60]!r}, which is damaged") from error


def _number(element: Element, key: str) -> float:
    try:
        number = float(element.attrib[key])
    except ValueError as error:
        raise ValueError(f"has the {key} {element.attrib[key]!r}, which is not a number") from error
    if not np.isfinite(number):
        raise ValueError(f"has the {key} {element.attrib[key]!r}, which is not finite")
    return number
