"""Define what formats write: frames and their objects, video by video."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._store.columns import column_names
from deeplake_labelbox._store.frame_index import FrameIndex
from deeplake_labelbox._store.frame_objects import FrameObjects, ObjectCounter, read_objects
from deeplake_labelbox._store.label_space import LabelSpace
from deeplake_labelbox._store.labelbox_meta import VideoEntry
from deeplake_labelbox._store.labeled_dataset import LabeledDataset
from deeplake_labelbox._store.videos import read_meta

# Rows read at a time: masks of 1080p take about 10 MB per row.
ROWS = 64

CountedObjects = Sequence[tuple[FrameObjects, NDArray[np.float32]]]
"""Objects of each column in pixels of their frame, with (K, 4) left, top, right, bottom."""

Notes = Counter[str]
"""What a format cannot express, in words, and how often it occurred."""


@dataclass(frozen=True, slots=True)
class WrittenVideo:
    """A video.

    Attributes:
        entry: Its entry in the dataset.
        rate: Frames per second, if known.
    """

    entry: VideoEntry
    rate: float | None = None

    @property
    def name(self) -> str:
        """A file name, unique in the dataset."""
        return f"video_{self.entry.video_idx:06d}"

    @property
    def video_idx(self) -> int:
        """Number of the video in the dataset."""
        return self.entry.video_idx


@dataclass(frozen=True, slots=True, eq=False)
class WrittenFrame:
    """A frame.

    Attributes:
        video: Its video.
        frame_idx: Its number, from 0.
        size: Height and width of its picture.
        objects: The objects with an area in the frame.
    """

    video: WrittenVideo
    frame_idx: int
    size: tuple[int, int]
    objects: CountedObjects


class FormatWriter(Protocol):
    """Writes one format into a folder, one video after the other.

    Args:
        folder: Output folder.
        space: The classes and columns.
        notes: Counts what the format cannot express.
    """

    def __init__(self, folder: Path, space: LabelSpace, notes: Notes) -> None: ...

    def start(self, part: str, video: WrittenVideo) -> None:
        """Begin a video of a part, such as ``train``; the videos of a part are consecutive."""

    def add(self, frame: WrittenFrame, suffix: str) -> Path:
        """Add the next frame; return the path for its picture, with a suffix like ``.png``."""

    def end(self) -> None:
        """End the video."""

    def finish(self) -> None:
        """Write the files that cover all videos."""


def labeled_frames_of(
    dataset: LabeledDataset, table: FrameIndex, space: LabelSpace
) -> Iterator[WrittenFrame]:
    """Read frames with their objects, in the recorded size of each frame."""
    videos = written_videos(dataset, table)
    counter = ObjectCounter()
    found: list[list[FrameObjects]] = []
    for place, (video, number) in enumerate(
        zip(table.video_idx.tolist(), table.frame_idx.tolist(), strict=True)
    ):
        if place % ROWS == 0:
            found = read_objects(dataset, table.rows[place : place + ROWS], space)
        entry = videos[video].entry
        size, labeled = entry.size_of(number + 1), (entry.height, entry.width)
        counted = counter.counted(found[place % ROWS], (video, number), labeled, size)
        yield WrittenFrame(videos[video], number, size, counted)


def written_videos(dataset: LabeledDataset, table: FrameIndex) -> dict[int, WrittenVideo]:
    """Return the videos of frames, by ``video_idx``.

    Raises:
        DatasetMismatchError: If the dataset was not made by this package.
    """
    entries = {entry.video_idx: entry for entry in read_meta(dataset.dataset).videos}
    return {
        video: WrittenVideo(entries[video], _rate(dataset, table.take(table.video_idx == video)))
        for video in np.unique(table.video_idx).tolist()
    }


def _rate(dataset: LabeledDataset, table: FrameIndex) -> float | None:
    """Compute frames per second of a video from its first and last timestamp."""
    if "timestamp" not in column_names(dataset.dataset) or len(table) < 2:
        return None
    ends = dataset.cells("timestamp", table.rows[[0, -1]])
    first, last = np.asarray(ends, dtype=float).reshape(-1)
    frames = float(table.frame_idx[-1] - table.frame_idx[0])
    return frames / float(last - first) if last > first else None
