"""Write empty values to columns of deleted features."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import deeplake
import numpy as np

from deeplake_labelbox._store.column_types import empty_cell
from deeplake_labelbox._store.columns import column_kind, read_class_names
from deeplake_labelbox._store.labelbox_meta import LabelboxMeta
from deeplake_labelbox._store.row_index import RowIndex


def write_empty_values(
    dataset: deeplake.Dataset, columns: Collection[str], index: RowIndex, meta: LabelboxMeta
) -> None:
    """Write empty values to every row that holds something, without a commit.

    Args:
        dataset: The dataset.
        columns: Label columns.
        index: Its rows.
        meta: Its videos.
    """
    for column in columns:
        kind = str(column_kind(dataset, column))
        for video in meta.videos:
            rows = index.rows_of(video)
            if len(rows.rows) and _holds_any(dataset, column, rows.rows):
                options = len(read_class_names(dataset, column))
                empty = empty_cell(kind, height=video.height, width=video.width, options=options)
                rows.write(dataset, column, [empty] * len(rows.frames))


def _holds_any(dataset: deeplake.Dataset, column: str, rows: Any) -> bool:
    """Whether some row has an object or an answer; reads up to the first one."""
    for row in rows:
        value: Any = dataset[column][int(row)]
        texts = isinstance(value, str) or np.asarray(value).dtype.kind in "OU"
        if any(np.ravel(value)) if texts else np.size(value):
            return True
    return False
