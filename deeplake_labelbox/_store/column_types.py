"""The Deep Lake type of each kind of column, and the values of its cells without labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from deeplake import types

from deeplake_labelbox._model.annotations import AnswerKind, ToolKind
from deeplake_labelbox._model.kinds import GEOMETRIES

FrameAnswerKind = Literal["choices", "text"]
ObjectAnswerKind = Literal["object choice", "object choices", "object text"]
ColumnKind = Literal[
    ToolKind, "labels", "track_ids", "key_frames", FrameAnswerKind, ObjectAnswerKind
]

ANSWER_COLUMNS: Final[dict[AnswerKind, tuple[FrameAnswerKind, ObjectAnswerKind]]] = {
    "radio": ("choices", "object choice"),
    "checklist": ("choices", "object choices"),
    "text": ("text", "object text"),
}
"""The kinds of columns by kind of classification: for answers of frames, and of objects."""

ANSWER_KINDS: Final[Mapping[str, AnswerKind]] = {
    column: kind for kind, columns in reversed(ANSWER_COLUMNS.items()) for column in columns
}
"""The kind of classification by kind of column; ``choices`` are those of radios or checklists."""


@dataclass(frozen=True, slots=True)
class ColumnType:
    """The type of a kind of column.

    Attributes:
        make: Makes the Deep Lake type.
        empty: Cell of a frame without objects and answers; see `GeometryKind` for geometries.
        is_nullable: Whether Deep Lake accepts ``None`` for the cell of a video without a label.
        read_in_slices: Whether Deep Lake reads slices of rows faster than lists of rows.
    """

    make: Callable[[], Any]
    empty: Any = None
    is_nullable: bool = True
    read_in_slices: bool = True


_NO_NUMBERS = np.zeros(0, dtype=np.int32)

COLUMN_TYPES: Final[Mapping[str, ColumnType]] = {
    # (K, 4) float32 left, top, width, height in pixels
    "rectangle": ColumnType(
        lambda: types.BoundingBox("float32", "LTWH", "pixel"), is_nullable=False
    ),
    # (K, 2) float32
    "point": ColumnType(lambda: types.Point(2)),
    # K times (V, 2) float32
    "line": ColumnType(types.Polygon, is_nullable=False),
    "polygon": ColumnType(types.Polygon, is_nullable=False),
    # (H, W, K) bool
    "raster-segmentation": ColumnType(
        lambda: types.BinaryMask(sample_compression="lz4"), read_in_slices=False
    ),
    # (K,) int32
    "labels": ColumnType(
        lambda: types.ClassLabel(types.Array("int32", 1)), _NO_NUMBERS, is_nullable=False
    ),
    "track_ids": ColumnType(lambda: types.Array("int32", 1), _NO_NUMBERS),
    # (K,) bool
    "key_frames": ColumnType(lambda: types.Array("bool", 1), np.zeros(0, dtype=np.bool_)),
    # (n,) int32, the chosen options
    "choices": ColumnType(
        lambda: types.ClassLabel(types.Array("int32", 1)), _NO_NUMBERS, is_nullable=False
    ),
    # an empty text reads as None
    "text": ColumnType(types.Text, "", is_nullable=False),
    # (K,) int32, -1 if not answered
    "object choice": ColumnType(lambda: types.Array("int32", 1), _NO_NUMBERS),
    # (K, options) uint8
    "object choices": ColumnType(lambda: types.Array("uint8", 2), np.zeros((0, 0), np.uint8)),
    # K texts, or one empty text without an object: Deep Lake refuses empty lists. A Sequence of
    # Text loses empty texts, and crashes on some of them (Deep Lake 4.7.4).
    "object text": ColumnType(lambda: types.Array("text", 1), [""], is_nullable=False),
}
"""The types of columns by kind."""


def empty_cell(kind: str, *, height: int = 0, width: int = 0, options: int = 0) -> Any:
    """Return the cell of a frame without objects and answers.

    Args:
        kind: Kind of the column.
        height: Height of the frame in pixels; only masks need it.
        width: Its width.
        options: Number of options; only ``object choices`` needs it.
    """
    if kind in GEOMETRIES:
        return GEOMETRIES[kind].empty(height, width)
    empty = COLUMN_TYPES[kind].empty
    return np.zeros((0, options), empty.dtype) if kind == "object choices" else empty


def geometry_kind(dtype: Any) -> ToolKind | None:
    """Return the kind of geometry in a column of any dataset, by its type.

    Lines and polygons have the same type, which is read as lines.
    """
    name = type_name(dtype)
    found = (kind.name for kind in GEOMETRIES.values() if _type_of(kind.name) == name)
    return next(found, None)


def type_name(dtype: Any) -> str:
    """Return the name of a type, such as ``BoundingBox``; empty for plain arrays and numbers."""
    return str(getattr(dtype, "kind", "")).rpartition(".")[2]


def _type_of(kind: ToolKind) -> str:
    return type_name(COLUMN_TYPES[kind].make())


GEOMETRY_TYPES: Final = tuple(dict.fromkeys(_type_of(kind.name) for kind in GEOMETRIES.values()))
"""Names of the Deep Lake types that hold geometries."""
