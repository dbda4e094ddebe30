"""The objects of single frames, in pixels of their frame."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._model.kinds import GEOMETRIES
from deeplake_labelbox._model.kinds.geometry import GeometryKind, Shapes
from deeplake_labelbox._store.cells import Rows
from deeplake_labelbox._store.label_space import LabelSpace, ObjectColumn
from deeplake_labelbox._store.labeled_dataset import LabeledDataset
from deeplake_labelbox._store.objects import FamilyObjects

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class FrameObjects:
    """The objects of one column in one frame (K).

    Attributes:
        column: The column.
        read: The objects of the column in all rows that were read.
        chosen: (K,) int64 indices into ``read``.
        shapes: K shapes, see `FamilyObjects`, in pixels of the frame.
    """

    column: ObjectColumn
    read: FamilyObjects
    chosen: NDArray[np.int64]
    shapes: Shapes

    @property
    def kind(self) -> GeometryKind:
        """Kind of the shapes."""
        return GEOMETRIES[self.column.family.kind]

    @property
    def labels(self) -> NDArray[np.int64]:
        """(K,) numbers in the label space."""
        return np.asarray(self.column.classes, np.int64)[self.read.class_ids[self.chosen]]

    @property
    def track_ids(self) -> NDArray[np.int64]:
        """(K,) track ids."""
        return self.read.track_ids[self.chosen]

    @property
    def key_frames(self) -> NDArray[np.bool_]:
        """(K,) whether each was drawn in this frame, not interpolated."""
        return self.read.key_frames[self.chosen]

    def scaled(self, labeled: tuple[int, int], own: tuple[int, int]) -> FrameObjects:
        """Scale the objects from the pixels of their labels to those of the frame.

        Args:
            labeled: Height and width that the shapes are in.
            own: Height and width of the frame.
        """
        if labeled == own:
            return self
        shapes = self.kind.resized(self.shapes, labeled, own)
        return FrameObjects(self.column, self.read, self.chosen, shapes)

    def take(self, wanted: NDArray[np.bool_]) -> FrameObjects:
        """Select objects."""
        if wanted.all():
            return self
        shapes: Shapes = [self.shapes[index] for index in np.flatnonzero(wanted).tolist()]
        return FrameObjects(self.column, self.read, self.chosen[wanted], shapes)

    def boxes(self) -> NDArray[np.float32]:
        """(K, 4) left, top, right, bottom; all 0 for a mask without a pixel."""
        return self.kind.corners(self.shapes)

    def masks(self, height: int, width: int) -> NDArray[np.uint8]:
        """(K, H, W) of 0 and 1; those of polygons are filled, edges included."""
        return self.kind.masks(self.shapes, height, width).view(np.uint8)


class ObjectCounter:
    """Leaves out objects that are entirely outside their frame, and reports it once.

    Args:
        quiet: Whether the caller reports it instead.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._is_reported = quiet

    def counted(
        self,
        found: Sequence[FrameObjects],
        place: tuple[int, int],
        labeled: tuple[int, int],
        own: tuple[int, int],
    ) -> list[tuple[FrameObjects, NDArray[np.float32]]]:
        """Return the objects of a frame, in pixels of the frame, and their boxes.

        Objects whose box is entirely outside the frame are left out.

        Args:
            found: The objects of each column.
            place: ``video_idx`` and ``frame_idx``.
            labeled: Height and width that the shapes refer to; 0 if unknown.
            own: Height and width of the frame.
        """
        kept = []
        for objects in found:
            in_frame = objects.scaled(labeled, own)
            boxes = in_frame.boxes()
            within = _cut(boxes, *own)
            with_area = np.all(within[:, 2:] > within[:, :2], axis=1)
            if not with_area.all() and not self._is_reported:
                self._is_reported = True
                logger.warning(
                    "Objects that have no area within their frame are left out, the first of them "
                    "in column %r, track id %d, frame %d of video_idx %d.",
                    objects.column.family.column,
                    objects.track_ids[~with_area][0],
                    place[1] + 1,
                    place[0],
                )
            kept.append((in_frame.take(with_area), boxes[with_area]))
        return kept


def read_objects(
    dataset: LabeledDataset, rows: Rows, space: LabelSpace
) -> list[list[FrameObjects]]:
    """Read the objects of rows, column by column.

    Args:
        dataset: The dataset.
        rows: (R,) row numbers.
        space: The columns.

    Returns:
        For each row, the objects of each column that has some.

    Raises:
        DatasetError: If Deep Lake cannot read.
    """
    found: list[list[FrameObjects]] = [[] for _ in rows]
    for column in space.columns:
        read = FamilyObjects(column.family, rows, dataset.cells)
        start = 0
        for in_row, count in zip(found, read.counts.tolist(), strict=True):
            if count:
                chosen = np.arange(start, start + count)
                shapes = read.shapes[start : start + count]
                in_row.append(FrameObjects(column, read, chosen, shapes))
            start += count
    return found


def _cut(boxes: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    """Clip boxes to their frame; a size of 0 is unknown."""
    cut = boxes.copy()
    cut[:, 0::2] = cut[:, 0::2].clip(0, width or None)
    cut[:, 1::2] = cut[:, 1::2].clip(0, height or None)
    return cut
