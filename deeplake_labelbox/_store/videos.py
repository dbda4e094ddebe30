"""Find the videos of a dataset and their rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._counts import counted
from deeplake_labelbox._store.applied_labels import AppliedLabels
from deeplake_labelbox._store.cells import Readable
from deeplake_labelbox._store.columns import ReadableDataset, has_identity_columns
from deeplake_labelbox._store.labelbox_meta import LabelboxMeta, VideoEntry
from deeplake_labelbox._store.location import DatasetLocation
from deeplake_labelbox._store.row_index import RowIndex
from deeplake_labelbox._video_names import distinct_names
from deeplake_labelbox.errors import ConfigurationError, DatasetMismatchError

_NAMES_SHOWN: Final = 8


@dataclass(frozen=True, slots=True, eq=False)
class Video:
    """One video and its rows, by frame.

    Attributes:
        name: Its external id, or its URL without the query, or its path; empty if unknown.
        short_name: A short name that no other video of the dataset has.
        data_row_id: Id of its Labelbox data row; empty if unknown.
        video_idx: Its value in the column ``video_idx``; 0 if the dataset has no such column.
        rows: (F,) int64 row of each frame, ascending by frame.
        frames: (F,) int64 number of each frame in Labelbox, from 1, ascending.
        size: Height and width of the frames in pixels, or of the first frame if the picture size
            changes within the video; labels are in pixels of this size. ``None`` if unknown.
        source_size: Height and width of the video itself, if frames were resized.
    """

    name: str
    short_name: str
    data_row_id: str
    video_idx: int
    rows: NDArray[np.int64]
    frames: NDArray[np.int64]
    size: tuple[int, int] | None = None
    source_size: tuple[int, int] | None = None

    def __len__(self) -> int:
        """Number of frames that have a row."""
        return len(self.rows)

    def __repr__(self) -> str:
        """Name, number and length."""
        return f"Video({self.name!r}, video_idx={self.video_idx}, {counted(len(self), 'frame')})"


def read_meta(dataset: Readable) -> LabelboxMeta:
    """Read the metadata of a dataset; for the copy of a query, that of its applied labels.

    Raises:
        DatasetMismatchError: If it has none, such as the view of a query.
    """
    if not isinstance(dataset, ReadableDataset):
        raise DatasetMismatchError(
            "The view of a query has no record of its project; pass the dataset of the view."
        )
    try:
        return LabelboxMeta.read(dataset)
    except DatasetMismatchError:
        applied = AppliedLabels.read(dataset)
        if applied is None:
            raise
        return applied.meta()


def recorded_meta(dataset: Readable) -> LabelboxMeta | None:
    """Return the project metadata of a dataset, or of a view's dataset; ``None`` if it has none."""
    try:
        if not isinstance(dataset, ReadableDataset):
            dataset = DatasetLocation.of_dataset(dataset).open_to_read()
        return read_meta(dataset)
    except DatasetMismatchError:
        return None


def entries_of(dataset: Readable) -> list[VideoEntry]:
    """Return the entries of the videos at the version of a dataset, or of a view's dataset."""
    # The metadata of a column is that of the version, and a view has it too.
    meta, applied = recorded_meta(dataset), AppliedLabels.read(cast("ReadableDataset", dataset))
    entries = {entry.video_idx: entry for entry in (meta.videos if meta else ())}
    return list((entries | {v.video_idx: v for v in (applied.videos if applied else ())}).values())


def videos_of(dataset: ReadableDataset) -> tuple[Video, ...]:
    """Find the videos that have rows.

    A dataset without this package's metadata, or the view of a query, is one video without a name.
    """
    try:
        meta = read_meta(dataset)
        index = RowIndex(dataset, meta)
    except DatasetMismatchError:
        every = np.arange(len(dataset), dtype=np.int64)
        return (Video("", "", "", 0, every, every + 1),) if len(dataset) else ()
    videos = []
    short_names = distinct_names((entry.name, entry.data_row_id) for entry in meta.videos)
    for entry, short_name in zip(meta.videos, short_names, strict=True):
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
                short_name=short_name,
                data_row_id=entry.data_row_id,
                video_idx=entry.video_idx,
                rows=found.rows[first],
                frames=frames,
                size=size if all(size) else None,
                source_size=source if all(source) else None,
            )
        )
    return tuple(videos)


def resized_videos(dataset: ReadableDataset) -> tuple[VideoEntry, ...]:
    """Find the videos whose picture size changes, if rows have the numbers of their videos.

    There are none for the view of a query, which has no metadata.
    """
    if not hasattr(dataset, "metadata") or not has_identity_columns(dataset):
        return ()
    try:
        return tuple(entry for entry in read_meta(dataset).videos if entry.sizes)
    except DatasetMismatchError:
        return ()


def find_video(videos: Sequence[Video], name: str | int) -> Video:
    """Find a video.

    Args:
        videos: The videos to search.
        name: Its full name or the last parts of it, its data row id, or its ``video_idx``.

    Raises:
        ConfigurationError: If there is no such video, or several.
    """
    wanted = str(name)
    for found in (
        [video for video in videos if video.data_row_id == wanted],
        [video for video in videos if video.name == wanted],
        [video for video in videos if video.short_name == wanted],
        [video for video in videos if video.name.rstrip("/").endswith(f"/{wanted}")],
        [video for video in videos if str(video.video_idx) == wanted],
    ):
        if len(found) == 1:
            return found[0]
        if found:
            raise ConfigurationError(
                f"{len(found)} videos of the dataset are called {wanted!r}; name one of them: "
                f"{_listed(found)}."
            )
    raise ConfigurationError(
        f"The dataset has no rows of a video {wanted!r}; it has {_listed(videos) or 'none'}. Give "
        f"a name, a data row id or a value of video_idx."
    )


def _listed(videos: Sequence[Video]) -> str:
    more = ", ..." if len(videos) > _NAMES_SHOWN else ""
    return ", ".join(video.short_name for video in videos[:_NAMES_SHOWN]) + more
