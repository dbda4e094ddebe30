"""Find the frames of videos that have a label."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._store.frame_index import FrameIndex
from deeplake_labelbox._store.label_space import LabelSpace
from deeplake_labelbox._store.labeled_dataset import LabeledDataset


def in_labeled_videos(
    dataset: LabeledDataset, frames: FrameIndex, columns: Iterable[str] = ()
) -> NDArray[np.bool_]:
    """Return which frames belong to a video with a label.

    Args:
        dataset: The dataset.
        frames: The frames.
        columns: Columns of which at least one must be labeled; by default any column.
    """
    # In a labeled video every cell is set, even without an object or answer. Columns of an
    # annotator are an exception: an annotator may not have labeled all videos.
    families = dataset.families
    always = [family.always_set for family in families.objects]
    always += [family.column for family in families.answers if family.has_options]
    found = np.zeros(len(frames), dtype=bool)
    for name in list(columns) or always[:1]:
        found |= rows_with(dataset, frames, name, lambda _: True)
    return found


def labeled_frames(
    dataset: LabeledDataset, videos: Iterable[int] | None, space: LabelSpace
) -> FrameIndex:
    """Return the frames of videos with a label in one of the columns of objects.

    Raises:
        ConfigurationError: If a video has no frame.
        DatasetMismatchError: If the rows do not identify their video and frame.
    """
    frames = dataset.index.of_videos(videos)
    columns = [column.family.always_set for column in space.columns]
    return frames.take(in_labeled_videos(dataset, frames, columns))


def rows_with(
    dataset: LabeledDataset, frames: FrameIndex, column: str, test: Callable[[Any], bool]
) -> NDArray[np.bool_]:
    """Return which frames have a value that passes a test."""
    values = dataset.cells(column, frames.rows)
    return np.array([value is not None and test(value) for value in values], dtype=bool)
