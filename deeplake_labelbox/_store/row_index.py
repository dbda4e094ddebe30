"""Find the rows of a video and frame by identity, not by position."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import deeplake
import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._counts import counted
from deeplake_labelbox._store.cells import read_numbers
from deeplake_labelbox._store.columns import ReadableDataset, has_identity_columns
from deeplake_labelbox._store.labelbox_meta import LabelboxMeta, VideoEntry
from deeplake_labelbox.errors import DatasetMismatchError


@dataclass(frozen=True, slots=True, eq=False)
class VideoRows:
    """The rows of one video.

    Attributes:
        frames: (F,) int64, ascending and unique: the 1-based frames that have rows.
        rows: (R,) row numbers, ascending.
        frame_of_row: (R,) index into ``frames`` for each of ``rows``.
    """

    frames: NDArray[np.int64]
    rows: NDArray[np.int64]
    frame_of_row: NDArray[np.intp]

    def write(self, dataset: deeplake.Dataset, column: str, values: Sequence[Any]) -> None:
        """Write one value per frame to a column, in slices of consecutive rows."""
        if not len(self.rows):
            return
        start = 0
        for end in [*(np.flatnonzero(np.diff(self.rows) != 1) + 1), len(self.rows)]:
            first = int(self.rows[start])
            part = self.frame_of_row[start:end]
            if len(part) == len(values) and (np.diff(part) == 1).all():
                chosen = values
            else:
                chosen = [values[index] for index in part]
            dataset[column][first : first + len(part)] = chosen
            start = end

    def part(self, start: int, end: int) -> VideoRows:
        """Return the rows of the frames ``start`` to ``end`` (indices into ``frames``)."""
        inside = (start <= self.frame_of_row) & (self.frame_of_row < end)
        return VideoRows(
            self.frames[start:end], self.rows[inside], self.frame_of_row[inside] - start
        )


class RowIndex:
    """Finds the rows of a data row.

    Args:
        dataset: The dataset.
        meta: Its metadata.
    """

    def __init__(self, dataset: ReadableDataset, meta: LabelboxMeta) -> None:
        self._dataset = dataset
        self._has_identity = has_identity_columns(dataset)
        written = sum(video.rows for video in meta.videos)
        if not self._has_identity and len(dataset) != written:
            raise DatasetMismatchError(
                f"The dataset has {counted(len(dataset), 'row')}, but {written:,} were written, "
                f"and it has no columns video_idx and frame_idx to identify them; create it again."
            )

    def rows_of(self, video: VideoEntry) -> VideoRows:
        """Return the rows of a video; empty if none was written or all were deleted."""
        if not self._has_identity:
            return _written(video)
        none = np.zeros(0, np.int64)
        rows, frames = self._by_video.get(video.video_idx, (none, none))
        numbers, frame_of_row = np.unique(frames, return_inverse=True)
        return VideoRows(numbers, rows, frame_of_row)

    @cached_property
    def _by_video(self) -> dict[int, tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Rows and their 1-based frames by video, read on first use."""
        videos = read_numbers(self._dataset, "video_idx")
        frames = read_numbers(self._dataset, "frame_idx") + 1
        order = np.argsort(videos, kind="stable")
        parts = np.split(order, np.flatnonzero(np.diff(videos[order])) + 1)
        return {int(videos[rows[0]]): (rows, frames[rows]) for rows in parts if len(rows)}


def _written(video: VideoEntry) -> VideoRows:
    if video.chosen is None:
        last = video.rows + sum(end - start + 1 for start, end in video.missing)
        gone = [np.arange(start, end + 1) for start, end in video.missing]
        there = np.setdiff1d(np.arange(1, last + 1), np.concatenate([np.zeros(0, np.int64), *gone]))
    else:
        runs = [np.arange(start, end + 1, step) for start, end, step in video.chosen]
        there = np.concatenate([np.zeros(0, np.int64), *runs])
    return VideoRows(
        frames=there,
        rows=np.arange(video.first_row, video.first_row + video.rows),
        frame_of_row=np.arange(video.rows),
    )
