"""Index the frames of a dataset by row."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import deeplake
import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._store.cells import Readable, read_numbers
from deeplake_labelbox._store.columns import ReadableDataset, has_identity_columns
from deeplake_labelbox._store.location import dataset_errors
from deeplake_labelbox.errors import ConfigurationError, DatasetMismatchError

Where = str | Callable[[Any], bool] | deeplake.DatasetView
"""A condition for frames: a TQL expression (the part after ``WHERE``), a function of a row
(``row["weather"]``), or the view of a query, which selects its rows."""


@dataclass(frozen=True, slots=True, eq=False)
class FrameIndex:
    """Frames, ascending by video and frame, each once.

    Attributes:
        rows: (N,) int64 rows of the dataset.
        video_idx: (N,) int64.
        frame_idx: (N,) int64, 0-based.
    """

    rows: NDArray[np.int64]
    video_idx: NDArray[np.int64]
    frame_idx: NDArray[np.int64]

    def __len__(self) -> int:
        """Number of frames."""
        return len(self.rows)

    @classmethod
    def of(cls, dataset: ReadableDataset) -> FrameIndex:
        """Index all frames of a dataset.

        Raises:
            DatasetMismatchError: If its rows do not have the numbers of their video and frame.
        """
        if not has_identity_columns(dataset):
            raise DatasetMismatchError(
                "The dataset has no columns video_idx and frame_idx, so its frames cannot be told "
                "apart; write them in the data filler, or make the dataset without one."
            )
        videos, frames = _identity(dataset)
        order = np.lexsort((frames, videos))
        videos, frames = videos[order], frames[order]
        first = np.ones(len(order), dtype=bool)
        first[1:] = (np.diff(videos) != 0) | (np.diff(frames) != 0)
        first &= (videos >= 0) & (frames >= 0)
        return cls(order[first].astype(np.int64), videos[first], frames[first])

    def take(self, chosen: NDArray[Any]) -> FrameIndex:
        """Select frames by mask or ascending indices."""
        return FrameIndex(self.rows[chosen], self.video_idx[chosen], self.frame_idx[chosen])

    def of_videos(self, videos: Iterable[int] | None) -> FrameIndex:
        """Return the frames of some videos; ``None`` for all.

        Raises:
            ConfigurationError: If a video has no frame.
        """
        if videos is None:
            return self
        wanted = [int(video) for video in videos]
        missing = set(wanted) - set(self.video_idx.tolist())
        if missing:
            raise ConfigurationError(
                f"The dataset has no frame of video_idx {min(missing)}; `videos` takes values of "
                f"the column video_idx."
            )
        return self.take(np.isin(self.video_idx, wanted))

    def where(self, dataset: ReadableDataset, condition: Where) -> NDArray[np.bool_]:
        """Find the frames that meet a condition.

        Raises:
            ConfigurationError: If TQL does not accept the expression.
        """
        if callable(condition):
            met = (bool(condition(dataset[int(row)])) for row in self.rows)
            return np.fromiter(met, dtype=bool, count=len(self))
        view = self._query(dataset, condition) if isinstance(condition, str) else condition
        chosen = image_id(*_identity(view))
        return np.isin(image_id(self.video_idx, self.frame_idx), chosen)

    @staticmethod
    def _query(dataset: ReadableDataset, condition: str) -> deeplake.DatasetView:
        try:
            return dataset.query(f"SELECT video_idx, frame_idx WHERE {condition}")
        except RuntimeError as error:
            raise ConfigurationError(
                f"`where` is {condition!r}, which is not a TQL condition: "
                f"{str(error).rstrip('.')}. Put names of columns with a slash in double quotes: "
                f'shape("car/car")[0] > 0.'
            ) from error


def image_id(video_idx: Any, frame_idx: Any) -> Any:
    """Return a number that is unique in the dataset: ``video_idx * 2**32 + frame_idx``."""
    return (video_idx << 32) + frame_idx


def _identity(dataset: Readable) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    with dataset_errors("reading video_idx and frame_idx"):
        return read_numbers(dataset, "video_idx"), read_numbers(dataset, "frame_idx")
