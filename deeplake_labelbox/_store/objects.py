"""The objects of many frames at once, as arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._model.kinds import GEOMETRIES
from deeplake_labelbox._model.kinds.geometry import GeometryKind, Shapes
from deeplake_labelbox._store.answers import Answers
from deeplake_labelbox._store.cells import Rows
from deeplake_labelbox._store.families import ObjectFamily
from deeplake_labelbox._store.object_tables import to_pandas, to_supervision

if TYPE_CHECKING:
    import pandas as pd
    import supervision

ReadColumn = Callable[[str, Rows], list[Any]]
SizesOf = Callable[[Rows], list[tuple[tuple[int, int], tuple[int, int]]]]
"""Height and width that the labels of rows refer to, and those of the frames."""


class FamilyObjects:
    """The N objects of one geometry column in some rows, in the order of the rows.

    Every column is read on first use, so counting does not read shapes.

    Args:
        family: The column and those beside it.
        rows: (R,) row numbers.
        read: Reads the cells of a column in rows.
        sizes_of: The sizes that shapes are scaled from and to; by default they are not scaled.

    Attributes:
        family: The column and those beside it.
        asked: (R,) the requested rows.
    """

    def __init__(
        self,
        family: ObjectFamily,
        rows: Rows,
        read: ReadColumn,
        sizes_of: SizesOf | None = None,
    ) -> None:
        self.family = family
        self._sizes_of = sizes_of
        self.asked = rows
        self._read = read

    def __len__(self) -> int:
        """Number of objects."""
        return int(self.counts.sum())

    @cached_property
    def _first(self) -> list[Any]:
        return self._cells(self.family.always_set)

    @cached_property
    def labeled(self) -> NDArray[np.bool_]:
        """(R,) whether the row belongs to a video with a label."""
        return np.array([cell is not None for cell in self._first], dtype=np.bool_)

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """(R,) number of objects in each row."""
        count = self._kind.count if self.family.always_set == self.family.column else len
        found = [0 if cell is None else count(cell) for cell in self._first]
        return np.array(found, dtype=np.int64)

    @property
    def _kind(self) -> GeometryKind:
        return GEOMETRIES[self.family.kind]

    @cached_property
    def places(self) -> NDArray[np.int64]:
        """(N,) index of the row of each object among the requested rows."""
        return np.repeat(np.arange(len(self.asked)), self.counts)

    @property
    def rows(self) -> NDArray[np.int64]:
        """(N,) row of each object."""
        return self.asked[self.places]

    @cached_property
    def channels(self) -> NDArray[np.int64]:
        """(N,) place of each object within its row."""
        ends = np.cumsum(self.counts)
        return np.arange(len(self)) - np.repeat(ends - self.counts, self.counts)

    @cached_property
    def class_ids(self) -> NDArray[np.int64]:
        """(N,) number of the class of each object, in ``family.class_names``."""
        if self.family.labels is None:
            return np.zeros(len(self), dtype=np.int64)
        return self._joined(self.family.labels, np.dtype(np.int64), 0)

    def class_name(self, index: int) -> str:
        """Name of the class of one of the objects."""
        number, names = int(self.class_ids[index]), self.family.class_names
        return names[number] if 0 <= number < len(names) else f"class {number}"

    @cached_property
    def track_ids(self) -> NDArray[np.int64]:
        """(N,) track id of each object, unique in the dataset; -1 if it has none."""
        return self._joined(self.family.track_ids, np.dtype(np.int64), -1)

    @cached_property
    def key_frames(self) -> NDArray[np.bool_]:
        """(N,) whether the object was drawn in this frame, and is not interpolated."""
        return self._joined(self.family.key_frames, np.dtype(np.bool_), 0)

    @cached_property
    def shapes(self) -> Shapes:
        """The geometries, in pixels of the frame.

        ``rectangle``: (N, 4) float32 left, top, width, height. ``point``: (N, 2) float32. ``line``
        and ``polygon``: N arrays (V, 2) float32. ``raster-segmentation``: N arrays (H, W) bool.
        """
        if self._sizes_of is None or not len(self):
            return self._stored_shapes
        sizes, found = self._sizes_of(self.asked), list(self._stored_shapes)
        for size in set(sizes):
            of_size = [n for n, place in enumerate(self.places.tolist()) if sizes[place] == size]
            shapes = self._kind.resized([found[number] for number in of_size], *size)
            for number, shape in zip(of_size, shapes, strict=True):
                found[number] = shape
        return np.array(found) if isinstance(self._stored_shapes, np.ndarray) else found

    @cached_property
    def _stored_shapes(self) -> Shapes:
        cells = self._cells(self.family.column)
        pairs = zip(cells, self.counts.tolist(), strict=True)
        return self._kind.shapes([(cell, count) for cell, count in pairs if count])

    @cached_property
    def boxes(self) -> NDArray[np.float32]:
        """(N, 4) float32 left, top, width, height around each object; all 0 for an empty mask."""
        return self._kind.boxes(self.shapes)

    def masks(self, height: int, width: int) -> NDArray[np.bool_]:
        """(N, height, width) bool; polygons and rectangles are filled, edges included.

        Args:
            height: Height of the frames, which must all have the same size.
            width: Width of the frames.
        """
        return self._kind.masks(self.shapes, height, width)

    @cached_property
    def answers(self) -> dict[str, Answers]:
        """The answers about the objects, by name of the classification."""
        found = {}
        counts = self.counts.tolist()
        for family in self.family.answers:
            values: list[Any] = []
            for cell, count in zip(self._cells(family.column), counts, strict=True):
                # Deep Lake holds no empty list of texts: no object reads as one empty text.
                own = [None] * count if cell is None or len(cell) < count else list(cell)[:count]
                values.extend(own)
            found[family.name] = Answers(family, values)
        return found

    def _cells(self, column: str) -> list[Any]:
        return self._read(column, self.asked)

    def _joined(self, column: str | None, dtype: np.dtype[Any], missing: int) -> NDArray[Any]:
        """The values of a column beside the geometries, one per object."""
        values = np.full(len(self), missing, dtype=dtype)
        if column is None or not len(values):
            return values
        cells = self._first if column == self.family.always_set else self._cells(column)
        if np.array_equal(_lengths(cells), self.counts):
            return np.concatenate([cell for cell in cells if cell is not None]).astype(dtype)
        start = 0
        for cell, count in zip(cells, self.counts.tolist(), strict=True):
            if count and cell is not None and len(cell) >= count:
                values[start : start + count] = cell[:count]
            start += count
        return values


class Objects:
    """The objects of several geometry columns in some rows, joined: one column after the other.

    Attributes:
        families: The objects of each column by themselves.
        class_names: Names of the classes, in the order of the columns, each once.
    """

    def __init__(self, families: Sequence[FamilyObjects]) -> None:
        self.families = tuple(families)
        self.class_names = tuple(
            dict.fromkeys(name for part in self.families for name in part.family.class_names)
        )

    def __len__(self) -> int:
        """Number of objects."""
        return sum(map(len, self.families))

    def __repr__(self) -> str:
        """Number of objects by column."""
        parts = ", ".join(f"{part.family.name}: {len(part)}" for part in self.families)
        return f"Objects({parts})"

    @property
    def rows(self) -> NDArray[np.int64]:
        """(N,) row of each object."""
        return _joined([part.rows for part in self.families], np.int64)

    @property
    def class_ids(self) -> NDArray[np.int64]:
        """(N,) number of the class of each object, in ``class_names``."""
        parts = []
        for part in self.families:
            own = [self.class_names.index(name) for name in part.family.class_names]
            parts.append(np.asarray(own, dtype=np.int64)[part.class_ids])
        return _joined(parts, np.int64)

    @property
    def track_ids(self) -> NDArray[np.int64]:
        """(N,) track id of each object, unique in the dataset; -1 if it has none."""
        return _joined([part.track_ids for part in self.families], np.int64)

    @property
    def key_frames(self) -> NDArray[np.bool_]:
        """(N,) whether the object was drawn in this frame, and is not interpolated."""
        return _joined([part.key_frames for part in self.families], np.bool_)

    @property
    def kinds(self) -> NDArray[np.str_]:
        """(N,) kind of the tool of each object, such as ``rectangle``."""
        return _joined([np.full(len(p), p.family.kind) for p in self.families], np.str_)

    @property
    def boxes(self) -> NDArray[np.float32]:
        """(N, 4) float32 left, top, width, height in pixels around each object."""
        parts = [part.boxes for part in self.families]
        return np.concatenate([np.zeros((0, 4), np.float32), *parts])

    @property
    def shapes(self) -> list[NDArray[Any]]:
        """N geometries; see `FamilyObjects.shapes`."""
        return [shape for part in self.families for shape in part.shapes]

    def to_pandas(self) -> pd.DataFrame:
        """Make a table with a row for each object.

        Returns:
            The columns ``row`` (of the dataset), ``column``, ``class``, ``track_id``,
            ``key_frame``, and ``left``, ``top``, ``width`` and ``height`` of the box around it, in
            pixels; then one for each classification of objects, with the text of its answer.

        Raises:
            ConfigurationError: If pandas is not installed.
        """
        return to_pandas(self)

    def to_supervision(self) -> list[supervision.Detections]:
        """Make ``supervision.Detections``, one for each requested row, in that order.

        Boxes are left, top, right, bottom in pixels; ``class_id`` is the number in
        ``class_names``, ``tracker_id`` the track id, and ``data["class_name"]`` the name. Masks
        are (K, H, W) if all objects of the row have pixels.

        Raises:
            ConfigurationError: If supervision is not installed.
        """
        return to_supervision(self)

    def masks(self, height: int, width: int) -> NDArray[np.bool_]:
        """(N, height, width) bool; see `FamilyObjects.masks`."""
        parts = [part.masks(height, width) for part in self.families]
        return np.concatenate([np.zeros((0, height, width), np.bool_), *parts])


def _lengths(cells: list[Any]) -> NDArray[np.int64]:
    return np.array([0 if cell is None else len(cell) for cell in cells], dtype=np.int64)


def _joined(parts: Sequence[NDArray[Any]], dtype: Any) -> NDArray[Any]:
    return np.concatenate([np.zeros(0, dtype), *parts])
