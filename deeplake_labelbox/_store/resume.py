"""Resume an unfinished build: compare its rows with its metadata.

Rows are committed first and the entry of their video afterwards, so that a video with the status
``done`` has all its rows. A build that was killed in between has rows of a pending video; they are
deleted, because it is unknown whether they are complete.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

import deeplake
import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._store.cells import read_numbers
from deeplake_labelbox._store.columns import has_identity_columns
from deeplake_labelbox._store.labelbox_meta import LabelboxMeta, VideoEntry
from deeplake_labelbox._store.location import dataset_errors

logger = logging.getLogger(__name__)


def reconciled(dataset: deeplake.Dataset, meta: LabelboxMeta) -> LabelboxMeta:
    """Delete the rows of an unfinished build that do not match its metadata.

    Args:
        dataset: The dataset, without uncommitted changes; the deletion is committed.
        meta: Its metadata.

    Returns:
        The corrected metadata, in which videos without all of their rows are pending.
    """
    rows_of = _rows_of_videos(dataset, meta.videos)
    odd = np.setdiff1d(
        np.arange(len(dataset)), np.concatenate([np.zeros(0, np.int64), *rows_of]), True
    )
    videos = []
    for entry, rows in zip(meta.videos, rows_of, strict=True):
        expected = 0 if entry.status == "pending" else entry.rows
        if len(rows) != expected:
            logger.info("%s has %d of %d rows; adding it again.", entry.name, len(rows), expected)
            odd = np.union1d(odd, rows)
            videos.append(entry.untried())
        else:
            videos.append(entry)
    meta = replace(meta, videos=tuple(videos))
    if not len(odd):
        return meta
    with dataset_errors("deleting rows of videos that are not complete"):
        delete_rows(dataset, odd)
        dataset.commit("Delete rows of videos that were not complete")
    return without_rows(meta, odd)


def rows_of_video(dataset: deeplake.Dataset, entry: VideoEntry) -> NDArray[np.int64]:
    """Return the row numbers of a video, ascending."""
    return _rows_of_videos(dataset, [entry])[0]


def delete_rows(dataset: deeplake.Dataset, rows: Sequence[int] | NDArray[np.int64]) -> None:
    """Delete rows, given in ascending order; the next commit publishes it."""
    for row in reversed(rows):
        dataset.delete(int(row))


def without_rows(meta: LabelboxMeta, rows: NDArray[np.int64]) -> LabelboxMeta:
    """Return the metadata with the first rows of videos corrected for deleted rows before them."""
    return replace(
        meta,
        videos=tuple(
            replace(video, first_row=video.first_row - int(np.searchsorted(rows, video.first_row)))
            for video in meta.videos
        ),
    )


def _rows_of_videos(
    dataset: deeplake.Dataset, entries: Sequence[VideoEntry]
) -> list[NDArray[np.int64]]:
    if has_identity_columns(dataset):
        videos = read_numbers(dataset, "video_idx")
        return [np.flatnonzero(videos == entry.video_idx) for entry in entries]
    written = [0 if entry.status == "pending" else entry.rows for entry in entries]
    return [
        np.arange(entry.first_row, min(entry.first_row + count, len(dataset)))
        for entry, count in zip(entries, written, strict=True)
    ]
