"""Append rows to a dataset that has more columns than they fill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import deeplake
import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._store.column_types import COLUMN_TYPES, empty_cell
from deeplake_labelbox._store.columns import column_kind

# Values of the cells of other columns, by the start of the name of their type.
_NOTHING: Final[Mapping[str, Any]] = {
    "int": 0,
    "uint": 0,
    "float": 0,
    "bool": False,
    "text": "",
    "kind=bbox": np.zeros((0, 4), dtype=np.float32),
    "polygon": np.zeros((0, 0, 2), dtype=np.float32),
    "kind=class_label, dtype=array": np.zeros(0, dtype=np.int32),
    "kind=class_label": 0,
}
_NUMBERS: Final = frozenset({"int32", "float64"})


def append_rows(
    dataset: deeplake.Dataset, columns: Mapping[str, Sequence[Any] | NDArray[Any]]
) -> None:
    """Append rows, even to a dataset with labels.

    Cells of other columns are empty, and numbers 0, because Deep Lake requires a value for each.

    Args:
        dataset: The dataset.
        columns: Values of the new rows by column.
    """
    count = len(next(iter(columns.values()))) if columns else 0
    missing = {}
    for column in dataset.schema.columns:
        kind = column_kind(dataset, column.name)
        if column.name in columns:
            continue
        dtype = str(column.dtype)
        if kind is None:
            empty = next((v for name, v in _NOTHING.items() if dtype.startswith(name)), None)
        elif kind in COLUMN_TYPES:
            # Deep Lake refuses `None` here; empty until labels are applied.
            empty = None if COLUMN_TYPES[kind].is_nullable else empty_cell(kind)
        else:
            # Numbers of the row metadata cannot be unset; a text that is unset cannot be read
            # before it is committed, and an empty one reads as None afterwards.
            empty = 0 if dtype in _NUMBERS else "" if dtype.startswith("text") else None
        missing[column.name] = [empty] * count
    dataset.append({**columns, **missing})
