"""Write CVAT for video 1.1 with pictures: a task for each video, as CVAT exports and imports it.

``annotations.xml`` numbers the frames of the video from 0; its ``<meta>`` has the first and last
frame of the task and their step. Missing frames between them are read as deleted, because CVAT
leaves those out. ``outside`` ends a track at the next frame. CVAT reads only shapes of key frames,
and moves boxes between them; it has no mask tracks, only masks of single frames. See `tracks`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._formats.coco.writer import run_length
from deeplake_labelbox._formats.written_frames import Notes, WrittenFrame, WrittenVideo
from deeplake_labelbox._model.kinds.masks import bounds_of
from deeplake_labelbox._store.frame_objects import FrameObjects
from deeplake_labelbox._store.label_space import LabelSpace

_SAME: Final = 0.01  # pixels; CVAT itself writes two decimals


class CvatWriter:
    """Writes tasks: ``<part>/video_000000/annotations.xml`` and ``images/frame_000000.png``.

    See `FormatWriter`.
    """

    def __init__(self, folder: Path, space: LabelSpace, notes: Notes) -> None:
        self._folder = folder
        self._space = space
        self._notes = notes
        self._task: _Task

    def start(self, part: str, video: WrittenVideo) -> None:
        """Begin a task."""
        self._task = _Task(self._folder / part / video.name, video)
        (self._task.folder / "images").mkdir(parents=True)

    def add(self, frame: WrittenFrame, suffix: str) -> Path:
        """Add a picture and its shapes."""
        task = self._task
        task.frames.append(frame.frame_idx)
        task.size = task.size or frame.size
        if frame.size != task.size:
            self._notes["pictures have another size than the first; a task has only one"] += 1
        for objects, boxes in frame.objects:
            for index, (track, label) in enumerate(
                zip(objects.track_ids.tolist(), objects.labels.tolist(), strict=True)
            ):
                key: tuple[object, ...] = (objects.column.family.column, track, label)
                if objects.kind.is_mask:
                    key = (*key, frame.frame_idx)
                    self._notes["masks are of single frames: CVAT has no mask tracks"] += 1
                found = task.tracks.setdefault(key, _CvatTrack(label))
                found.shapes[frame.frame_idx] = _shape(objects, boxes, index)
                if objects.kind.detected_as == "box":
                    found.boxes[frame.frame_idx] = boxes[index]
                    found.drawn[frame.frame_idx] = bool(objects.key_frames[index])
        return task.folder / "images" / f"frame_{frame.frame_idx:06d}{suffix}"

    def end(self) -> None:
        """Write the XML of the task."""
        root = self._task.document(self._space)
        indent(root)
        path = self._task.folder / "annotations.xml"
        ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)

    def finish(self) -> None:
        """Do nothing: each task is complete."""


@dataclass(slots=True)
class _CvatTrack:
    """A track: its shapes by frame, and for boxes their edges and whether they were drawn."""

    label: int
    shapes: dict[int, Element] = field(default_factory=dict)
    boxes: dict[int, NDArray[np.float32]] = field(default_factory=dict)
    drawn: dict[int, bool] = field(default_factory=dict)

    def runs(self, following: Mapping[int, int]) -> Iterator[list[int]]:
        """Yield the runs of frames with the object, without gaps."""
        run: list[int] = []
        for frame in self.shapes:
            if run and following[run[-1]] != frame:
                yield run
                run = []
            run.append(frame)
        yield run

    def interpolated(self, run: list[int]) -> Iterator[int]:
        """Yield the frames of a run whose boxes CVAT interpolates correctly from key frames."""
        keys = [n for n, frame in enumerate(run) if n == 0 or self.drawn.get(frame, True)]
        for first, last in pairwise([*keys, len(run)]):
            between = run[first + 1 : last]
            if not between:
                continue
            begin = self.boxes[run[first]]
            # The box is held after the last key frame.
            change = self.boxes[run[last]] - begin if last < len(run) else np.zeros_like(begin)
            length = (run[last] if last < len(run) else run[-1] + 1) - run[first]
            parts = (np.array(between) - run[first])[:, None] / length
            own = np.array([self.boxes[frame] for frame in between])
            if np.allclose(begin + parts * change, own, rtol=0, atol=_SAME):
                yield from between


@dataclass(slots=True)
class _Task:
    folder: Path
    video: WrittenVideo
    frames: list[int] = field(default_factory=list)
    size: tuple[int, int] | None = None
    tracks: dict[tuple[object, ...], _CvatTrack] = field(default_factory=dict)

    def document(self, space: LabelSpace) -> Element:
        root = Element("annotations")
        SubElement(root, "version").text = "1.1"
        self._describe(SubElement(SubElement(root, "meta"), "task"), space)
        following = dict(pairwise(self.frames))
        for number, track in enumerate(self.tracks.values()):
            name = space.class_names[track.label]
            element = SubElement(root, "track", id=str(number), label=name, source="manual")
            for run in track.runs(following):
                interpolated = set(track.interpolated(run))
                for frame in run:
                    is_key = frame not in interpolated
                    element.append(_on_frame(track.shapes[frame], frame, is_key=is_key))
                if run[-1] in following:
                    last = track.shapes[run[-1]]
                    element.append(_on_frame(last, following[run[-1]], outside=True))
        return root

    def _describe(self, task: Element, space: LabelSpace) -> None:
        steps = np.diff(self.frames)
        step = int(np.gcd.reduce(steps)) if len(steps) else 1
        height, width = self.size or (0, 0)
        for tag, value in {
            "id": self.video.video_idx,
            "name": self.video.name,
            "size": (self.frames[-1] - self.frames[0]) // step + 1,
            "mode": "interpolation",
            "start_frame": self.frames[0],
            "stop_frame": self.frames[-1],
            "frame_filter": "" if step == 1 else f"step={step}",
        }.items():
            SubElement(task, tag).text = str(value)
        labels = SubElement(task, "labels")
        for name in space.class_names[1:]:
            label = SubElement(labels, "label")
            SubElement(label, "name").text = name
            SubElement(label, "type").text = "any"
            SubElement(label, "attributes")
        size = SubElement(task, "original_size")
        SubElement(size, "width").text = str(width)
        SubElement(size, "height").text = str(height)
        SubElement(task, "source").text = self.video.entry.name


def _on_frame(shape: Element, frame: int, *, is_key: bool = True, outside: bool = False) -> Element:
    """Put a shape on a frame; ``outside`` means that the object is gone."""
    attributes = {
        "frame": str(frame),
        "keyframe": str(int(is_key)),
        "outside": str(int(outside)),
        "occluded": "0",
        "z_order": "0",
    }
    return Element(shape.tag, attributes | shape.attrib)


def _shape(objects: FrameObjects, boxes: NDArray[np.float32], index: int) -> Element:
    if objects.kind.is_mask:
        return Element("mask", _runs(np.asarray(objects.shapes[index], np.bool_)))
    if objects.kind.detected_as == "box":
        names = ("xtl", "ytl", "xbr", "ybr")
        edges = dict(zip(names, map(_text, boxes[index].tolist()), strict=True))
        return Element("box", edges)
    points = (f"{_text(x)},{_text(y)}" for x, y in np.asarray(objects.shapes[index]).tolist())
    return Element("polygon", {"points": ";".join(points)})


def _runs(mask: NDArray[np.bool_]) -> dict[str, str]:
    """Encode the runs along the rows of a mask's box, beginning with background."""
    left, top, right, bottom = bounds_of(mask)
    runs = run_length(mask[top:bottom, left:right].T)["counts"]  # of COCO, down the columns
    return {
        "rle": ", ".join(map(str, runs)),
        "left": str(left),
        "top": str(top),
        "width": str(right - left),
        "height": str(bottom - top),
    }


def _text(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".")
