"""The frames of a dataset by identity, and which of them are chosen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._store.annotators import annotated_kinds
from deeplake_labelbox._store.columns import (
    ReadableDataset,
    column_kind,
    column_names,
    has_identity_columns,
)
from deeplake_labelbox._store.labelbox_meta import check_maker
from deeplake_labelbox._store.location import dataset_errors
from deeplake_labelbox.errors import ConfigurationError, DatasetMismatchError
from deeplake_labelbox.training.label_space import AnswerColumn, LabelSpace, as_names

Where = str | Callable[[Any], bool]
"""A TQL expression (what stands after ``WHERE``), or a function of a row, ``row["weather"]``."""

_ALWAYS_SET = ("track_ids", "choices", "object choice", "object choices", "labels", "key_frames")


@dataclass(frozen=True, slots=True, eq=False)
class FrameTable:
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
        """How many frames."""
        return len(self.rows)

    def take(self, chosen: NDArray[Any]) -> FrameTable:
        """Some of the frames, by mask or ascending indices."""
        return FrameTable(self.rows[chosen], self.video_idx[chosen], self.frame_idx[chosen])

    @classmethod
    def of(cls, dataset: ReadableDataset) -> FrameTable:
        """All frames of a dataset.

        Raises:
            DatasetMismatchError: If its rows do not tell their video and frame.
        """
        check_maker(dataset)
        if not has_identity_columns(dataset):
            raise DatasetMismatchError(
                "The dataset has no columns video_idx and frame_idx, so its frames cannot be told "
                "apart; write them in the data filler, or make the dataset without one."
            )
        with dataset_errors("reading video_idx and frame_idx"):
            videos = np.asarray(dataset["video_idx"][:], dtype=np.int64).reshape(-1)
            frames = np.asarray(dataset["frame_idx"][:], dtype=np.int64).reshape(-1)
        order = np.lexsort((frames, videos))
        videos, frames = videos[order], frames[order]
        first = np.ones(len(order), dtype=bool)
        first[1:] = (np.diff(videos) != 0) | (np.diff(frames) != 0)
        # Rows without a number read as anything below 0.
        first &= (videos >= 0) & (frames >= 0)
        return cls(order[first].astype(np.int64), videos[first], frames[first])

    def of_videos(self, videos: Iterable[int] | None) -> FrameTable:
        """The frames of some videos; all for ``None``.

        Raises:
            ConfigurationError: If a video has no frame.
        """
        if videos is None:
            return self
        wanted = [int(video) for video in videos]
        missing = set(wanted) - set(self.video_idx.tolist())
        if missing:
            raise ConfigurationError(
                f"The dataset has no frame of video_idx {min(missing)}; videos= takes values of "
                f"the column video_idx."
            )
        return self.take(np.isin(self.video_idx, wanted))

    def where(self, dataset: ReadableDataset, condition: Where | None) -> NDArray[np.bool_]:
        """Which frames meet a condition.

        Raises:
            ConfigurationError: If TQL does not take the expression.
        """
        if condition is None:
            return np.ones(len(self), dtype=bool)
        if callable(condition):
            met = (bool(condition(dataset[int(row)])) for row in self.rows)
            return np.fromiter(met, dtype=bool, count=len(self))
        try:
            view = dataset.query(f"SELECT video_idx, frame_idx WHERE {condition}")
        except RuntimeError as error:
            raise ConfigurationError(
                f"where={condition!r} is no TQL condition: {str(error).rstrip('.')}. Names of "
                f'columns with a slash stand in double quotes: shape("car/car")[0] > 0.'
            ) from error
        with dataset_errors("reading what where= chose"):
            videos = np.asarray(view["video_idx"][:], dtype=np.int64).reshape(-1)
            frames = np.asarray(view["frame_idx"][:], dtype=np.int64).reshape(-1)
        return np.isin(image_id(self.video_idx, self.frame_idx), image_id(videos, frames))

    def labeled(self, dataset: ReadableDataset, columns: Sequence[str] = ()) -> NDArray[np.bool_]:
        """Which frames are of a video that a label was applied to.

        Args:
            dataset: The dataset.
            columns: Columns that are always set, of which one is to be labeled; by default any.
        """
        # Of a labeled video every cell is set, even where there is no object or answer; but for
        # the columns of an annotator, who did not label all videos.
        always = [
            name for name in column_names(dataset) if column_kind(dataset, name) in _ALWAYS_SET
        ]
        found = np.zeros(len(self), dtype=bool)
        for name in columns or always[:1]:
            found |= self._mask(dataset, name, lambda _: True)
        return found

    def answered(
        self, dataset: ReadableDataset, answers: Sequence[AnswerColumn]
    ) -> NDArray[np.bool_]:
        """Which frames have an answer in one of the columns."""
        found = np.zeros(len(self), dtype=bool)
        for answer in answers:
            found |= self._mask(dataset, answer.name, lambda value: len(value) > 0)
        return found

    def with_key_frames(
        self, dataset: ReadableDataset, spaces: Sequence[LabelSpace]
    ) -> NDArray[np.bool_]:
        """Which frames have an object that was drawn in them: of the columns, or if none, any."""
        names = [column.key_frames for space in spaces for column in space.columns] or [
            name for name, kind in annotated_kinds(dataset).items() if kind == "key_frames"
        ]
        drawn = np.zeros(len(self), dtype=bool)
        for name in names:
            drawn |= self._mask(dataset, name, lambda value: bool(np.any(value)))
        return drawn

    def with_class(
        self,
        dataset: ReadableDataset,
        names: Sequence[str],
        spaces: Sequence[LabelSpace],
        answers: Sequence[AnswerColumn],
    ) -> NDArray[np.bool_]:
        """Which frames have an object or answer of one of the classes.

        Raises:
            ConfigurationError: If a class is not among those that are trained on.
        """
        wanted = set(as_names(names))
        known = [name for space in spaces for name in space.class_names[1:]]
        known += [name for answer in answers for name in answer.class_names]
        if unknown := sorted(wanted - set(known)):
            raise ConfigurationError(
                f"No class is named {unknown[0]!r}; the classes of the chosen columns are: "
                f"{', '.join(known) or 'none'}."
            )
        found = np.zeros(len(self), dtype=bool)
        for space in spaces:
            for column in space.columns:
                own = [i for i, n in enumerate(column.classes) if space.class_names[n] in wanted]
                if own and column.labels is None:
                    found |= self._mask(dataset, column.track_ids, lambda ids: len(ids) > 0)
                elif own and column.labels is not None:
                    found |= self._with_any(dataset, column.labels, own)
        for answer in answers:
            options = [i for i, name in enumerate(answer.class_names) if name in wanted]
            if options:
                found |= self._with_any(dataset, answer.name, options)
        return found

    def read(self, dataset: ReadableDataset, column: str) -> list[Any]:
        """The cells of a column, one per frame."""
        with dataset_errors(f"reading column {column!r}"):
            if len(self) * 4 < len(dataset):
                values: Any = dataset[column][self.rows.tolist()]
                return list(values)
            values = dataset[column][:]
            return [values[row] for row in self.rows]

    def _with_any(
        self, dataset: ReadableDataset, column: str, numbers: list[int]
    ) -> NDArray[np.bool_]:
        return self._mask(dataset, column, lambda value: bool(np.isin(value, numbers).any()))

    def _mask(
        self, dataset: ReadableDataset, column: str, test: Callable[[Any], bool]
    ) -> NDArray[np.bool_]:
        """Which frames have a value that passes a test."""
        values = self.read(dataset, column)
        return np.array([value is not None and test(value) for value in values], dtype=bool)


def image_id(video_idx: Any, frame_idx: Any) -> Any:
    """A number that no other frame of the dataset has: ``video_idx * 2**32 + frame_idx``."""
    return (video_idx << 32) + frame_idx
