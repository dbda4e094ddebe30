"""Split a dataset by video: each video is in one part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._store.labeled_dataset import DatasetLike, LabeledDataset
from deeplake_labelbox._store.labeled_frames import in_labeled_videos
from deeplake_labelbox._store.splits import check_shares, part_sizes, shuffled, split_videos
from deeplake_labelbox.training.class_balance import counts_by_video


def split_by_video(
    dataset: DatasetLike,
    parts: Mapping[str, float],
    *,
    seed: int = 0,
    stratify: Sequence[str] | None = None,
    labeled: bool = False,
) -> dict[str, tuple[int, ...]]:
    """Divide the videos of a dataset into parts.

    Frames of one video look alike: a model trained on some of them has nearly seen the others.

    Args:
        dataset: A `LabeledDataset`, an open Deep Lake dataset, or a path.
        parts: Share of the videos by name, ``{"train": 0.8, "val": 0.2}``; the shares add up
            to 1. Every part gets at least one video, if there are enough.
        seed: The same seed gives the same parts of the same videos.
        stratify: Columns as for `class_counts`; each part gets about its share of every class,
            as far as whole videos allow.
        labeled: Only videos that have a label.

    Returns:
        The ``video_idx`` of each part, ascending, to pass as ``videos=``.

    Raises:
        ConfigurationError: If the shares are not positive or do not add up to 1.
        DatasetMismatchError: If the rows do not identify their video.

    Example:
        ```python
        import deeplake

        from deeplake_labelbox.training import split_by_video

        dataset = deeplake.open("clips")
        parts = split_by_video(dataset, {"train": 0.6, "val": 0.4}, stratify=["weather"])
        ```
    """
    shares = check_shares(parts)
    source = LabeledDataset.of(dataset)
    frames = source.index
    if labeled:
        frames = frames.take(in_labeled_videos(source, frames))
    if stratify is None or not len(frames):
        return split_videos(frames.video_idx, parts, seed=seed)
    videos = shuffled(frames.video_idx, seed)
    counts = counts_by_video(source, stratify, videos.tolist())
    part_of = _balanced(counts.astype(np.float64), shares, part_sizes(len(videos), shares))
    return {
        name: tuple(sorted(videos[part_of == part].tolist())) for part, name in enumerate(parts)
    }


def _balanced(
    counts: NDArray[np.float64], shares: NDArray[np.float64], sizes: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Assign each video to the part that lacks its classes most.

    Videos with the largest share of a class are assigned first; a part is full when it has its
    number of videos.
    """
    totals = np.maximum(counts.sum(axis=0), 1)
    fractions = counts / totals
    missing = np.tile(shares[:, None], (1, counts.shape[1]))
    left = sizes.copy()
    part_of = np.zeros(len(counts), dtype=np.int64)
    for video in np.argsort(-fractions.max(axis=1, initial=0), kind="stable"):
        gain = np.minimum(missing, fractions[video]).sum(axis=1) / shares
        gain[left == 0] = -np.inf
        # Ties go to the part that lacks the larger share of its videos.
        part = max(
            range(len(shares)), key=lambda p: (gain[p], left[p] / sizes[p] if sizes[p] else 0)
        )
        missing[part] -= fractions[video]
        left[part] -= 1
        part_of[video] = part
    return part_of
