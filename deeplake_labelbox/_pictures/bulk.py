"""Cells of many rows, read in slices: a thousand times faster than one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._store.columns import ReadableDataset

_ROWS_AT_ONCE: Final = 1024


def read_rows(dataset: ReadableDataset, column: str, rows: NDArray[np.int64]) -> Iterator[Any]:
    """The cells of a column in the order of ``rows``; for columns of small values.

    Args:
        dataset: The dataset.
        column: Name of the column.
        rows: (R,) row numbers.
    """
    cells: Any = dataset[column]
    for run in np.split(rows, np.flatnonzero(np.diff(rows) != 1) + 1):
        for start in range(0, len(run), _ROWS_AT_ONCE):
            first = int(run[start])
            yield from cells[first : first + min(_ROWS_AT_ONCE, len(run) - start)]
