"""Cells of many rows of a Deep Lake column, read in bulk."""

from __future__ import annotations

from typing import Any, Final

import deeplake
import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._store.column_types import COLUMN_TYPES
from deeplake_labelbox._store.columns import ReadableDataset, column_kind
from deeplake_labelbox._store.location import dataset_errors

Rows = NDArray[np.int64]
Readable = ReadableDataset | deeplake.DatasetView
"""A dataset as opened, an earlier version of it, or the view of a query."""

# Measured with Deep Lake 4.7.4, in microseconds a cell of small values: slices of long runs 2,
# slices of 16 rows 2 to 6, a list of rows 8 to 16, rows one by one 30 to 80. Masks take 20 times as
# long by slice as by list.
_LONG_RUN: Final = 4
_CLOSE_ROWS: Final = 4
# Bounds what one slice holds in memory.
_ROWS_AT_ONCE: Final = 4096


def read_numbers(dataset: Readable, column: str) -> NDArray[np.int64]:
    """Read all cells of a column of numbers; cells that were never written are negative."""
    return np.asarray(dataset[column][:], dtype=np.int64).reshape(-1)


def read_cells(dataset: Readable, column: str, rows: Rows) -> list[Any]:
    """Read the cells of a column.

    Args:
        dataset: The dataset.
        column: Name of the column.
        rows: (R,) row numbers, in any order.

    Returns:
        R values in the order of ``rows``; ``None`` for a cell that was never written.

    Raises:
        DatasetError: If Deep Lake cannot read.
    """
    with dataset_errors(f"reading column {column!r}"):
        cells: Any = dataset[column]
        kind = column_kind(dataset, column)
        known = COLUMN_TYPES.get(kind or "")
        if known is not None and not known.read_in_slices:
            return list(cells[rows.tolist()])
        runs = np.split(rows, np.flatnonzero(np.diff(rows) != 1) + 1)
        if len(runs) > 1 and len(runs) * _LONG_RUN > len(rows):
            first, last = int(rows.min()), int(rows.max())
            if kind is None or last - first >= _CLOSE_ROWS * len(rows):
                return list(cells[rows.tolist()])
            between = read_cells(dataset, column, np.arange(first, last + 1))
            return [between[row - first] for row in rows]
        values: list[Any] = []
        for run in runs:
            for start in range(0, len(run), _ROWS_AT_ONCE):
                part = run[start : start + _ROWS_AT_ONCE]
                values.extend(cells[int(part[0]) : int(part[-1]) + 1])
        return values
