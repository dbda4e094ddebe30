"""The objects of many frames at once, as the columns hold them, and as boxes and masks."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from deeplake_labelbox._store.columns import ReadableDataset
from deeplake_labelbox._store.location import dataset_errors
from deeplake_labelbox._video.resize import nearest_pixels
from deeplake_labelbox.training.label_space import LabelSpace, ObjectColumn

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class FrameObjects:
    """The objects of one column in one frame (K).

    Attributes:
        column: The column.
        labels: (K,) int64 numbers in the label space.
        track_ids: (K,) int64.
        key_frames: (K,) bool: drawn in this frame, not interpolated.
        shapes: ``rectangle``: (K, 4) float32 left, top, width, height. ``raster-segmentation``:
            (K, H, W) bool. ``polygon``: K arrays (V, 2) float32. All in pixels of the frame.
    """

    column: ObjectColumn
    labels: NDArray[np.int64]
    track_ids: NDArray[np.int64]
    key_frames: NDArray[np.bool_]
    shapes: Any

    def __len__(self) -> int:
        """How many objects."""
        return len(self.labels)

    def scaled(self, labeled: tuple[int, int], own: tuple[int, int]) -> FrameObjects:
        """The objects in pixels of a frame of another size than that which labels are in.

        Args:
            labeled: Height and width that the shapes are in.
            own: Height and width of the frame.
        """
        if labeled == own:
            return self
        y, x = own[0] / labeled[0], own[1] / labeled[1]
        if self.column.kind == "rectangle":
            shapes: Any = self.shapes * np.array([x, y, x, y], dtype=np.float32)
        elif self.column.kind == "polygon":
            shapes = [shape * np.array([x, y], dtype=np.float32) for shape in self.shapes]
        else:
            masks = np.moveaxis(self.shapes, 0, -1)
            shapes = np.moveaxis(nearest_pixels(masks, *own), -1, 0)
        return replace(self, shapes=shapes)

    def with_area(self, height: int, width: int) -> NDArray[np.bool_]:
        """(K,) whether a part of the box is within the frame; objects without one do not count."""
        boxes = self.boxes()
        boxes[:, 0::2] = boxes[:, 0::2].clip(0, width or None)
        boxes[:, 1::2] = boxes[:, 1::2].clip(0, height or None)
        return np.asarray((boxes[:, 2:] > boxes[:, :2]).all(axis=1))

    def take(self, chosen: NDArray[np.bool_]) -> FrameObjects:
        """Some of the objects."""
        if chosen.all():
            return self
        shapes = self.shapes
        shapes = (
            shapes[chosen]
            if isinstance(shapes, np.ndarray)
            else [shapes[index] for index in np.flatnonzero(chosen)]
        )
        return FrameObjects(
            self.column,
            self.labels[chosen],
            self.track_ids[chosen],
            self.key_frames[chosen],
            shapes,
        )

    def boxes(self) -> NDArray[np.float32]:
        """(K, 4) left, top, right, bottom; all 0 for a mask without a pixel."""
        boxes = np.zeros((len(self), 4), dtype=np.float32)
        if self.column.kind == "rectangle":
            boxes[:, :2] = self.shapes[:, :2]
            boxes[:, 2:] = self.shapes[:, :2] + self.shapes[:, 2:]
        elif self.column.kind == "polygon":
            for index, vertices in enumerate(self.shapes):
                if len(vertices):
                    boxes[index] = (*vertices.min(axis=0), *vertices.max(axis=0))
        else:
            for index, mask in enumerate(self.shapes):
                rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
                if len(rows):
                    boxes[index] = (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
        return boxes

    def masks(self, height: int, width: int) -> NDArray[np.uint8]:
        """(K, H, W) of 0 and 1; those of polygons are filled, edges included."""
        if self.column.kind == "raster-segmentation":
            return np.ascontiguousarray(self.shapes, dtype=np.uint8)
        masks = np.zeros((len(self), height, width), dtype=np.uint8)
        for index, vertices in enumerate(self.shapes):
            if len(vertices) > 1:
                image = Image.new("L", (width, height))
                ImageDraw.Draw(image).polygon([(float(x), float(y)) for x, y in vertices], fill=1)
                masks[index] = np.asarray(image)
        return masks


class ObjectCounter:
    """Leaves out the objects that do not count in a frame, and says so once."""

    def __init__(self) -> None:
        self._told = False

    def counted(
        self,
        found: Sequence[FrameObjects],
        place: tuple[int, int],
        labeled: tuple[int, int],
        own: tuple[int, int],
    ) -> list[FrameObjects]:
        """The objects of a frame that count, in pixels of the frame.

        Args:
            found: The objects of each column.
            place: ``video_idx`` and ``frame_idx``.
            labeled: Height and width that the shapes are in; 0 where unknown.
            own: Height and width of the frame.
        """
        kept = []
        for objects in found:
            scaled = objects.scaled(labeled, own)
            with_area = scaled.with_area(*own)
            if not with_area.all() and not self._told:
                self._told = True
                logger.warning(
                    "Objects that have no area within their frame are left out, the first of them "
                    "in column %r, track id %d, frame %d of video_idx %d.",
                    objects.column.name,
                    objects.track_ids[~with_area][0],
                    place[1] + 1,
                    place[0],
                )
            kept.append(scaled.take(with_area))
        return kept


def read_objects(
    dataset: ReadableDataset, rows: Sequence[int], space: LabelSpace
) -> list[list[FrameObjects]]:
    """Read the objects of rows, column by column.

    Args:
        dataset: The dataset.
        rows: R rows.
        space: The columns.

    Returns:
        For each row, the objects of each column; of a video without a label, none.

    Raises:
        DatasetError: If Deep Lake cannot read.
    """
    found: list[list[FrameObjects]] = [[] for _ in rows]
    wanted = list(rows)
    for column in space.columns:
        with dataset_errors(f"reading column {column.name!r}"):
            cells: list[Any] = [
                dataset[name][wanted]
                for name in (column.name, column.track_ids, column.key_frames, column.labels)
                if name is not None
            ]
        if column.labels is None:
            cells.append([None] * len(wanted))
        numbers = np.asarray(column.classes, dtype=np.int64)
        for objects, shape, own_ids, own_drawn, own_labels in zip(found, *cells, strict=True):
            if shape is None:
                continue
            own = np.zeros(len(own_ids), np.int64) if own_labels is None else own_labels
            objects.append(
                FrameObjects(
                    column=column,
                    labels=numbers[own],
                    track_ids=np.asarray(own_ids, dtype=np.int64),
                    key_frames=np.asarray(own_drawn, dtype=bool),
                    shapes=_shapes(column.kind, shape, len(own_ids)),
                )
            )
    return found


def _shapes(kind: str, value: Any, count: int) -> Any:
    if kind == "rectangle":
        return np.asarray(value, dtype=np.float32).reshape(-1, 4)
    if kind == "raster-segmentation":
        return np.moveaxis(np.asarray(value, dtype=bool), -1, 0)
    return [np.asarray(vertices, dtype=np.float32).reshape(-1, 2) for vertices in value][:count]
