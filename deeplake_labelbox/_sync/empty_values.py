"""Write empty values to columns of deleted features."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import deeplake
import numpy as np

from deeplake_labelbox._store.columns import column_kind, read_class_names
from deeplake_labelbox._store.labelbox_meta import LabelboxMeta, VideoEntry
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
        kind = column_kind(dataset, column)
        for video in meta.videos:
            rows = index.rows_of(video)
            if len(rows.rows) and _holds_any(dataset, column, rows.rows):
                empty = _empty(kind, video, len(read_class_names(dataset, column)))
                rows.write(dataset, column, [empty] * len(rows.frames))


def _holds_any(dataset: deeplake.Dataset, column: str, rows: Any) -> bool:
    """Whether some row has an object or an answer; reads up to the first one."""
    for row in rows:
        value: Any = dataset[column][int(row)]
        texts = isinstance(value, str) or np.asarray(value).dtype.kind in "OU"
        if any(np.ravel(value)) if texts else np.size(value):
            return True
    return False


def _empty(kind: str | None, video: VideoEntry, classes: int) -> Any:
    """The empty value of a kind of column."""
    if kind == "raster-segmentation":
        return np.zeros((video.height, video.width, 0), dtype=np.bool_)
    if kind == "object text":
        return [""]
    if kind == "text":
        return ""
    return {
        "rectangle": np.zeros((0, 4), dtype=np.float32),
        "point": np.zeros((0, 2), dtype=np.float32),
        "line": np.zeros((0, 0, 2), dtype=np.float32),
        "polygon": np.zeros((0, 0, 2), dtype=np.float32),
        "key_frames": np.zeros(0, dtype=np.bool_),
        "object choices": np.zeros((0, classes), dtype=np.uint8),
    }.get(str(kind), np.zeros(0, dtype=np.int32))
