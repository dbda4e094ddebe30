"""CVAT for video, version 1.1: XML with a ``track`` an object and a shape a frame.

A shape stands until the next one of its track, and moves linearly towards it; one that is
``outside`` ends it. Frames count from 0. Source: docs.cvat.ai, "CVAT for video".

The XML is read with `defusedxml`: the parsers of the standard library expand entities, so that a
small file of a stranger can fill the memory ("billion laughs") or read other files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError

import numpy as np
from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException
from numpy.typing import NDArray

from deeplake_labelbox.errors import AnnotationSourceError
from deeplake_labelbox.ground_truth.annotations import (
    Answers,
    Finding,
    KindOf,
    VideoAnnotations,
)
from deeplake_labelbox.ground_truth.tracks import TrackBuilder, vertices
from deeplake_labelbox.project.annotations import ToolKind

_KINDS: Mapping[str, ToolKind] = {
    "box": "rectangle",
    "points": "point",
    "polyline": "line",
    "polygon": "polygon",
    "mask": "raster-segmentation",
}


@dataclass(frozen=True, slots=True)
class _Task:
    names: tuple[str, ...]
    size: tuple[int, int] | None
    last_frame: int | None


@dataclass(frozen=True, slots=True, eq=False)
class _Shape:
    frame: int
    value: Any
    outside: bool
    drawn: bool
    answers: Answers


class CvatSource:
    """A file of CVAT for video, of a task or of a project.

    Args:
        path: The XML file.
        data_row: The video, where the file has one task only.

    Raises:
        AnnotationSourceError: If there is no such file, or it is of another format.
    """

    def __init__(self, path: str | Path, *, data_row: str | None = None) -> None:
        self._path = Path(path)
        try:
            root = ElementTree.parse(self._path).getroot()
        except (OSError, ParseError, ValueError, DefusedXmlException) as error:
            raise AnnotationSourceError(
                f"{path} cannot be read as XML ({type(error).__name__}: {error})."
            ) from error
        if root is None or root.tag != "annotations" or root.find("image") is not None:
            raise AnnotationSourceError(
                f"{path} is no file of CVAT for video: it needs <annotations> with <track> "
                f"elements. Export the task as 'CVAT for video 1.1'."
            )
        self._tracks: dict[str | None, list[Element]] = {}
        for track in root.iter("track"):
            self._tracks.setdefault(track.get("task_id"), []).append(track)
        self._tasks = self._read_tasks(root)
        if data_row is not None:
            if len(self._tracks) > 1:
                raise AnnotationSourceError(
                    f"{path} has {len(self._tracks)} tasks, but one data row is named; "
                    f"leave it out."
                )
            self._tasks = {
                task_id: _Task((data_row,), task.size, task.last_frame)
                for task_id, task in self._tasks.items()
            }

    def __len__(self) -> int:
        return len(self._tracks)

    def videos(self, kind_of: KindOf) -> Iterator[VideoAnnotations]:  # noqa: ARG002 - each shape has one geometry
        """Yield the annotations of each task.

        Raises:
            AnnotationSourceError: If a shape cannot be read; it names file, track and frame.
        """
        for task_id, tracks in self._tracks.items():
            task = self._tasks.get(task_id)
            if task is None:
                raise AnnotationSourceError(
                    f"{self._path} has tracks of task {task_id}, which its <meta> does not name."
                )
            yield self._video(task, tracks)

    def _read_tasks(self, root: Element) -> dict[str | None, _Task]:
        found: dict[str | None, _Task] = {}
        for element in [*root.iterfind("meta/task"), *root.iterfind("meta/project/tasks/task")]:
            found[element.findtext("id")] = self._task(element)
        job = root.find("meta/job")
        if not found:
            found[None] = _Task((self._path.stem,), None, None) if job is None else self._task(job)
        if len(found) == 1:
            # The tracks of a file of one task do not name it.
            found[None] = next(iter(found.values()))
        return found

    def _task(self, element: Element) -> _Task:
        names = [element.findtext(tag) for tag in ("source", "name")]
        size = [element.findtext(f"original_size/{side}") for side in ("width", "height")]
        stop = element.findtext("stop_frame")
        try:
            return _Task(
                names=tuple(dict.fromkeys(name for name in names if name)) or (self._path.stem,),
                size=(int(size[0]), int(size[1])) if size[0] and size[1] else None,
                last_frame=int(stop) if stop else None,
            )
        except ValueError as error:
            raise AnnotationSourceError(
                f"{self._path} has a <task> whose size or stop_frame is no number ({error})."
            ) from error

    def _video(self, task: _Task, tracks: list[Element]) -> VideoAnnotations:
        builder = TrackBuilder()
        findings: list[Finding] = []
        for index, track in enumerate(tracks):
            label, name = track.get("label"), track.get("id", str(index))
            if not label:
                raise AnnotationSourceError(f"{self._path} has a <track> {name} without a label.")
            by_kind: dict[ToolKind, list[_Shape]] = {}
            for element in track:
                if element.tag not in _KINDS:
                    findings.append(_unsupported(label, name, element))
                    continue
                kind = _KINDS[element.tag]
                shape = self._shape(element, f"track {name} ({label})", task)
                if kind == "point" and len(shape.value) > 1:
                    findings.append(_unsupported(label, name, element))
                    continue
                by_kind.setdefault(kind, []).append(shape)
            for kind, shapes in by_kind.items():
                for shape in _on_every_frame(shapes, kind, task.last_frame):
                    value = shape.value[0] if kind == "point" else shape.value
                    builder.add(
                        label,
                        kind,
                        name,
                        shape.frame + 1,
                        value,
                        answers=shape.answers,
                        drawn=shape.drawn,
                    )
        return VideoAnnotations(
            data_row=task.names,
            tracks=builder.tracks(),
            size=task.size,
            findings=(*builder.findings(), *findings),
        )

    def _shape(self, element: Element, track: str, task: _Task) -> _Shape:
        where = f"{self._path}, {track}, <{element.tag} frame={element.get('frame')!r}>"
        try:
            frame = _frame(element)
            value = _value(element, task.size)
        except (KeyError, TypeError, ValueError) as error:
            raise AnnotationSourceError(f"{where} cannot be read ({error!r}).") from error
        answers = {
            str(attribute.get("name")): (attribute.text or "").strip()
            for attribute in element.iterfind("attribute")
        }
        return _Shape(
            frame=frame,
            value=value,
            outside=element.get("outside") == "1",
            drawn=element.get("keyframe", "1") == "1",
            answers={name: answer for name, answer in answers.items() if answer},
        )


def _frame(element: Element) -> int:
    frame = int(element.attrib["frame"])
    if frame < 0:
        raise ValueError("frames count from 0")
    return frame


def _value(element: Element, size: tuple[int, int] | None) -> Any:
    if element.tag == "box":
        left, top, right, bottom = (_number(element, key) for key in ("xtl", "ytl", "xbr", "ybr"))
        if element.get("rotation") not in (None, "0", "0.0", "0.00"):
            raise ValueError("Labelbox has no rotated boxes")
        return np.array([left, top, right - left, bottom - top])
    if element.tag == "mask":
        left, top, width, height = (
            int(element.attrib[key]) for key in ("left", "top", "width", "height")
        )
        if size is None:
            raise ValueError("a mask needs the original_size of its task")
        lengths = [int(length) for length in element.attrib["rle"].split(",")]
        if min(left, top) < 0 or left + width > size[0] or top + height > size[1]:
            raise ValueError("the mask leaves the picture")
        if min(lengths) < 0 or sum(lengths) != width * height:
            raise ValueError(f"the runs cover {sum(lengths)} pixels of {width * height}")
        return partial(_mask_pixels, lengths, (left, top, width, height), size)
    return vertices(pair.split(",") for pair in element.attrib["points"].split(";"))


def _mask_pixels(
    lengths: list[int], box: tuple[int, int, int, int], size: tuple[int, int]
) -> NDArray[np.bool_]:
    """Runs along the rows of the mask's box, beginning with background."""
    left, top, width, height = box
    pixels = np.zeros((size[1], size[0]), dtype=np.bool_)
    runs = np.repeat(np.arange(len(lengths)) % 2 == 1, lengths)
    pixels[top : top + height, left : left + width] = runs.reshape(height, width)
    return pixels


def _number(element: Element, key: str) -> float:
    number = float(element.attrib[key])
    if not np.isfinite(number):
        raise ValueError(f"{key} is not finite")
    return number


def _on_every_frame(
    shapes: list[_Shape], kind: ToolKind, last_frame: int | None
) -> Iterator[_Shape]:
    """The shapes of a track on every frame on which it is visible."""
    shapes = sorted(shapes, key=lambda shape: shape.frame)
    for shape, following in zip(shapes, [*shapes[1:], None], strict=True):
        if shape.outside:
            continue
        yield shape
        end = following.frame if following is not None else (last_frame or shape.frame) + 1
        for frame in range(shape.frame + 1, end):
            value = shape.value
            moves = following is not None and not following.outside
            if moves and kind in ("rectangle", "point", "line"):
                towards = following.value if following is not None else value
                if len(towards) == len(value):
                    value = value + (towards - value) * (frame - shape.frame) / (end - shape.frame)
            yield _Shape(frame, value, outside=False, drawn=False, answers=shape.answers)


def _unsupported(label: str, track: str, element: Element) -> Finding:
    frame = element.get("frame", "")
    what = "several points" if element.tag == "points" else element.tag
    return Finding(
        f"{label!r} {track} is drawn as {what}, which Labelbox does not have in videos",
        int(frame) + 1 if frame.isdigit() else None,
    )
