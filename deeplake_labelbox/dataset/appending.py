"""Rows that are appended to a dataset which has more columns than they fill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import deeplake
import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox.dataset.columns import column_kind

# What cells of label columns hold until labels are applied; `None` is refused by some types.
_EMPTY: Final[Mapping[str, Any]] = {
    "rectangle": np.zeros((0, 4), dtype=np.float32),
    "line": np.zeros((0, 0, 2), dtype=np.float32),
    "polygon": np.zeros((0, 0, 2), dtype=np.float32),
    "labels": np.zeros(0, dtype=np.int32),
    "choices": np.zeros(0, dtype=np.int32),
}
_NUMBERS: Final = frozenset({"int32", "float64"})


def append_rows(
    dataset: deeplake.Dataset, columns: Mapping[str, Sequence[Any] | NDArray[Any]]
) -> None:
    """Append rows, also to a dataset that labels were applied to already.

    Cells of columns that are not given are empty; Deep Lake itself wants a value for each.

    Args:
        dataset: The dataset.
        columns: Values of the new rows by column.
    """
    count = len(next(iter(columns.values()))) if columns else 0
    missing = {}
    for column in dataset.schema.columns:
        kind = column_kind(dataset, column.name)
        if column.name not in columns and kind is not None:
            # Numbers of the row metadata cannot be unset.
            empty = 0 if str(column.dtype) in _NUMBERS else _EMPTY.get(kind)
            missing[column.name] = [empty] * count
    dataset.append({**columns, **missing})
