"""Write pictures and labels in the layout that Ultralytics' YOLO trains from.

``data.yaml`` names the classes from 0 and the folders of pictures. Next to ``images/<part>`` is
``labels/<part>``, with a text for each picture and a line for each object. All numbers are
fractions of the picture's width and height: ``class x y width height`` with the center of the box,
or ``class x y x y …`` to segment. A picture without objects has an empty text. Source:
docs.ultralytics.com/datasets/detect and /datasets/segment.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._formats.written_frames import Notes, WrittenFrame, WrittenVideo
from deeplake_labelbox._formats.yolo.outlines import outlines_of
from deeplake_labelbox._model.kinds.vertices import fill
from deeplake_labelbox._store.frame_objects import FrameObjects
from deeplake_labelbox._store.label_space import LabelSpace

_FEWEST_CORNERS = 3
# Ultralytics truncates fractions to pixels, and supervision rounds them; with this offset, both
# find the same pixel.
_WITHIN_PIXEL = 0.25


class YoloWriter:
    """Writes boxes, or outlines if all columns are of masks and polygons.

    See `FormatWriter`.
    """

    def __init__(self, folder: Path, space: LabelSpace, notes: Notes) -> None:
        self._folder = folder
        self._space = space
        self._notes = notes
        self._parts: list[str] = []
        self._part = ""
        self._videos: dict[str, str] = {}

    def start(self, part: str, video: WrittenVideo) -> None:
        """Begin a video."""
        self._part = part
        self._videos[video.name] = video.entry.name
        if part not in self._parts:
            self._parts.append(part)
            for kind in ("images", "labels"):
                (self._folder / kind / part).mkdir(parents=True)

    def add(self, frame: WrittenFrame, suffix: str) -> Path:
        """Write the labels of a picture."""
        stem = f"{frame.video.name}_{frame.frame_idx + 1:06d}"
        lines = [
            f"{label - 1} {' '.join(f'{value:.8f}' for value in values.ravel())}\n"
            for objects, boxes in frame.objects
            for label, values in zip(
                objects.labels.tolist(), self._values(objects, boxes, frame.size), strict=True
            )
        ]
        (self._folder / "labels" / self._part / f"{stem}.txt").write_text("".join(lines), "utf-8")
        return self._folder / "images" / self._part / f"{stem}{suffix}"

    def end(self) -> None:
        """Do nothing: all files of the video are written."""

    def finish(self) -> None:
        """Write ``data.yaml``; paths are relative to it, and text is quoted as in JSON."""
        folders = {part: f"images/{part}" for part in self._parts}
        if "val" not in folders:
            folders["val"] = folders[self._parts[0]]
            self._notes["there is no part 'val'; data.yaml uses the first part for it"] += 1
        lines = [f"{part}: {folder}" for part, folder in folders.items()]
        lines.append("names:")
        lines += [f"  {n}: {_quoted(name)}" for n, name in enumerate(self._space.class_names[1:])]
        lines.append("videos:")
        lines += [f"  {name}: {_quoted(title)}" for name, title in self._videos.items()]
        (self._folder / "data.yaml").write_text("\n".join([*lines, ""]), "utf-8", "replace")

    def _values(
        self, objects: FrameObjects, boxes: NDArray[np.float32], size: tuple[int, int]
    ) -> Iterator[NDArray[np.float64]]:
        whole = np.array(size[::-1], dtype=np.float64)
        if not self._space.has_masks:
            if objects.kind.detected_as != "box":
                self._notes["masks and polygons are written as the boxes around them"] += len(boxes)
            for box in boxes.astype(np.float64).reshape(-1, 2, 2):
                corners = self._clip(box, whole) / whole
                yield np.array([corners.mean(axis=0), corners[1] - corners[0]])
            return
        for shape in objects.shapes:
            if objects.kind.is_mask:
                yield self._outline(shape) / whole
                continue
            corners = shape.astype(np.float64)
            if ((corners < 0) | (corners > whole)).any():
                self._notes["objects that cross the picture's edge are cut there"] += 1
                corners = self._outline(fill([corners], (size[1], size[0])))
            yield _at_least_three(corners) / whole

    def _clip(
        self, corners: NDArray[np.float64], whole: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        cut = np.clip(corners, 0, whole)
        if not np.array_equal(cut, corners):
            self._notes["objects that cross the picture's edge are cut there"] += 1
        return cut

    def _outline(self, mask: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return the outline through the border pixels."""
        found = outlines_of(mask)
        if found.holes:
            self._notes["masks have holes, which an outline cannot express"] += 1
        if len(found.parts) > 1:
            self._notes["masks have several parts, which are joined to one outline"] += 1
        return _at_least_three(found.joined().astype(np.float64)) + _WITHIN_PIXEL


def _at_least_three(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Repeat corners if there are too few: four numbers would be a box."""
    few = len(corners) < _FEWEST_CORNERS
    return np.resize(corners, (_FEWEST_CORNERS, 2)) if few else corners


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
