"""Read rows of a dataset as tensors, for `FrameDataset` and `ClipDataset`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from deeplake_labelbox._store.frame_index import FrameIndex, Where
from deeplake_labelbox._store.label_space import LabelSpace, as_names, find_answers
from deeplake_labelbox._store.labeled_dataset import DatasetLike, LabeledDataset
from deeplake_labelbox._store.labeled_frames import in_labeled_videos
from deeplake_labelbox.errors import ConfigurationError, DatasetMismatchError
from deeplake_labelbox.training import selections
from deeplake_labelbox.training.targets import KEYS, Target, TargetReader

logger = logging.getLogger(__name__)

Sample = tuple[torch.Tensor, Target]
Transforms = Callable[[Any, Target], tuple[Any, Target]]
"""Changes a picture, or a clip, together with its target."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Options that select what to read of each frame; both datasets document them."""

    objects: Sequence[str] | None
    semantic: Sequence[str]
    classes: Sequence[str]
    multi_hot: Sequence[str]
    image_column: str | None
    dtype: torch.dtype

    def target_reader(self, dataset: LabeledDataset) -> TargetReader:
        """Find the columns.

        Raises:
            ConfigurationError: If a column is missing, or is of another kind.
        """
        objects = self.objects
        if objects is None and (self.semantic or self.classes or self.multi_hot):
            objects = ()
        semantic = LabelSpace.of(dataset, self.semantic)
        if semantic.columns and not semantic.has_masks:
            raise ConfigurationError(
                "semantic= takes columns of masks and polygons, rectangles have no masks; name "
                "columns of rectangles in objects=."
            )
        answers = (*as_names(self.classes), *as_names(self.multi_hot))
        for name in answers:
            if name in KEYS or answers.count(name) > 1:
                raise ConfigurationError(
                    f"The target cannot hold column {name!r} of answers: its key "
                    f"{'means something else' if name in KEYS else 'is requested twice'}; rename "
                    f"the column with ds.rename_column, or name it once."
                )
        return TargetReader(
            objects=LabelSpace.of(dataset, objects),
            semantic=semantic,
            classes=find_answers(dataset, self.classes),
            multi_hot=find_answers(dataset, self.multi_hot),
        )


@dataclass(frozen=True, slots=True)
class Chosen:
    """Options that select frames; both datasets document them."""

    where: Where | None
    videos: Iterable[int] | None
    labeled: bool
    key_frames: bool
    with_class: Sequence[str]


class SampleReader:
    """Reads pictures and targets of many frames at once, in any process.

    Args:
        dataset: The dataset.
        wanted: What to read of each frame.

    Attributes:
        targets: The columns of the targets.

    Raises:
        ConfigurationError: If an option does not fit the dataset.
    """

    def __init__(self, dataset: DatasetLike, wanted: Wanted) -> None:
        self._dataset = LabeledDataset.of(dataset, image_column=wanted.image_column)
        if self._dataset.is_view:
            raise ConfigurationError(
                "Training needs an open Deep Lake dataset, not a DatasetView; pass the result of "
                "deeplake.open, and select its rows with where=."
            )
        if not (wanted.dtype.is_floating_point or wanted.dtype == torch.uint8):
            raise ConfigurationError(
                f"dtype is {wanted.dtype}; pictures are torch.uint8 or a floating point type."
            )
        self._dtype = wanted.dtype
        # Here, so that a missing column of pictures is an error before frames are selected.
        self._frames = self._dataset.frames
        self.targets = wanted.target_reader(self._dataset)

    def choose(self, chosen: Chosen) -> tuple[FrameIndex, NDArray[np.bool_]]:
        """Select frames.

        Returns:
            The frames that meet ``videos``, ``labeled`` and ``where``, and which of them meet
            ``key_frames`` and ``with_class`` too.
        """
        dataset = self._dataset
        frames = dataset.index.of_videos(chosen.videos)
        counts = {"in the dataset" if chosen.videos is None else "in videos=": len(frames)}
        if chosen.labeled:
            frames = frames.take(in_labeled_videos(dataset, frames, self.targets.always_set))
            counts["labeled"] = len(frames)
            if self.targets.has_only_classes:
                answers = self.targets.classes.values()
                frames = frames.take(selections.answered(dataset, frames, answers))
                counts["with an answer"] = len(frames)
        # A user's function runs only on what the cheaper conditions leave.
        if chosen.where is not None:
            frames = frames.take(frames.where(dataset.dataset, chosen.where))
            counts["that meet where="] = len(frames)
        hits = np.ones(len(frames), dtype=bool)
        spaces = (self.targets.objects, self.targets.semantic)
        if chosen.key_frames:
            hits &= selections.with_key_frames(dataset, frames, spaces)
            counts["that are key frames"] = int(hits.sum())
        if chosen.with_class:
            known = {**self.targets.classes, **self.targets.multi_hot}
            hits &= selections.with_class(dataset, frames, chosen.with_class, spaces, known)
            counts["with_class"] = int(hits.sum())
        if not hits.any():
            steps = ", then ".join(f"{count:,} {what}" for what, count in counts.items())
            logger.warning("No frame is selected: %s. Relax the last of these options.", steps)
        return frames, hits

    def read(self, frames: FrameIndex) -> list[Sample]:
        """Read frames, in bulk.

        Raises:
            DatasetMismatchError: If the rows have moved since they were chosen.
            DatasetError: If Deep Lake cannot read, or a picture cannot be decoded.
        """
        self._check_identity(frames)
        images = [self._image(picture) for picture in self._frames.read(frames.rows)]
        sizes = [(int(image.shape[1]), int(image.shape[2])) for image in images]
        labeled = [
            self._dataset.labeled_sizes.get(video, size)
            for video, size in zip(frames.video_idx.tolist(), sizes, strict=True)
        ]
        targets = self.targets.read(self._dataset, frames, sizes, labeled)
        return [
            (image, {key: _tensor(value) for key, value in target.items()})
            for image, target in zip(images, targets, strict=True)
        ]

    def blocks(self, frames: FrameIndex) -> list[NDArray[np.int64]]:
        """Return the places of frames, in blocks that are fastest to read in order."""
        spans = self._frames.spans(frames.rows)
        ends = (np.diff(spans) != 0) | (np.diff(frames.video_idx) != 0)
        parts = np.split(np.arange(len(frames)), np.flatnonzero(ends) + 1)
        return [part for part in parts if len(part)]

    def _check_identity(self, frames: FrameIndex) -> None:
        rows = frames.rows
        if len(rows) and rows.max() < len(self._dataset):
            videos, numbers = (
                np.asarray(self._dataset.cells(name, rows)).reshape(-1)
                for name in ("video_idx", "frame_idx")
            )
            if (videos == frames.video_idx).all() and (numbers == frames.frame_idx).all():
                return
        raise DatasetMismatchError(
            "Rows of the dataset were deleted or moved since its frames were selected; create the "
            "training dataset again."
        )

    def _image(self, picture: NDArray[np.uint8]) -> torch.Tensor:
        image = torch.from_numpy(picture).permute(2, 0, 1)
        image = image.to(self._dtype, memory_format=torch.contiguous_format)
        return image.div_(255) if self._dtype.is_floating_point else image.contiguous()


def _tensor(value: Any) -> torch.Tensor:
    return torch.from_numpy(value) if isinstance(value, np.ndarray) else torch.tensor(int(value))
