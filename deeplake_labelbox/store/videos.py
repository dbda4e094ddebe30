"""The videos of a dataset, and which rows are theirs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox.dataset.applied import AppliedLabels
from deeplake_labelbox.dataset.columns import ReadableDataset
from deeplake_labelbox.dataset.labelbox_meta import LabelboxMeta
from deeplake_labelbox.dataset.row_index import RowIndex
from deeplake_labelbox.errors import DatasetMismatchError


@dataclass(frozen=True, slots=True, eq=False)
class Video:
    """One video and its rows, by frame.

    Attributes:
        name: Its external id, or its URL without the query, or its path; empty if unknown.
        data_row_id: Id of its Labelbox data row; empty if unknown.
        video_idx: Its value in the column ``video_idx``; 0 where the dataset does not tell videos
            apart.
        rows: (F,) int64 row of each frame, ascending by frame.
        frames: (F,) int64 number of each frame in Labelbox, from 1, ascending.
        size: Height and width of the frames in pixels; ``None`` if unknown.
        source_size: Height and width of the video itself, where frames were resized.
    """

    name: str
    data_row_id: str
    video_idx: int
    rows: NDArray[np.int64]
    frames: NDArray[np.int64]
    size: tuple[int, int] | None = None
    source_size: tuple[int, int] | None = None

    def __len__(self) -> int:
        """How many frames have a row."""
        return len(self.rows)

    def __repr__(self) -> str:
        """Name, number and length."""
        return f"Video({self.name!r}, video_idx={self.video_idx}, {len(self)} frames)"

    @property
    def short_name(self) -> str:
        """The last part of the name."""
        return self.name.rstrip("/").rpartition("/")[2] or self.name


def read_meta(dataset: ReadableDataset) -> LabelboxMeta:
    """Read what a dataset knows of its project; the copy of a query goes by the labels it holds.

    Raises:
        DatasetMismatchError: If it does not know.
    """
    try:
        return LabelboxMeta.read(dataset)
    except DatasetMismatchError:
        applied = AppliedLabels.read(dataset)
        if applied is None:
            raise
        return applied.meta()


def videos_of(dataset: ReadableDataset) -> tuple[Video, ...]:
    """Find the videos that have rows.

    A dataset without this package's metadata, or the view of a query, is one video without a name.
    """
    try:
        meta = read_meta(dataset)
        index = RowIndex(dataset, meta)
    except DatasetMismatchError:
        every = np.arange(len(dataset), dtype=np.int64)
        return (Video("", "", 0, every, every + 1),) if len(dataset) else ()
    videos = []
    for entry in meta.videos:
        found = index.rows_of(entry)
        if not len(found.rows):
            continue
        numbers = found.frames[found.frame_of_row]
        frames, first = np.unique(numbers, return_index=True)
        size = (entry.height, entry.width)
        source = (entry.source_height, entry.source_width)
        videos.append(
            Video(
                name=entry.name,
                data_row_id=entry.data_row_id,
                video_idx=entry.video_idx,
                rows=found.rows[first],
                frames=frames,
                size=size if all(size) else None,
                source_size=source if all(source) else None,
            )
        )
    return tuple(videos)
