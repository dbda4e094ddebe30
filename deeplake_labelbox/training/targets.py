"""Training targets of frames, in the forms of torchvision's models (as arrays)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._store.answers import Answers
from deeplake_labelbox._store.families import AnswerFamily
from deeplake_labelbox._store.frame_index import FrameIndex, image_id
from deeplake_labelbox._store.frame_objects import FrameObjects, ObjectCounter, read_objects
from deeplake_labelbox._store.label_space import LabelSpace
from deeplake_labelbox._store.labeled_dataset import LabeledDataset
from deeplake_labelbox.errors import ConfigurationError

UNANSWERED = -100
"""Class index of a missing answer, which `torch.nn.CrossEntropyLoss` ignores by default."""

KEYS = (
    "image_id",
    "video_idx",
    "frame_idx",
    "boxes",
    "labels",
    "track_ids",
    "masks",
    "semantic",
)
"""The keys that a target may have besides the names of columns of answers."""

Target = dict[str, Any]


@dataclass(frozen=True, slots=True)
class TargetReader:
    """Reads targets.

    Attributes:
        objects: The columns of objects.
        semantic: The columns that make up the mask of classes.
        classes: The columns with one class per frame, by their key in the target.
        multi_hot: The columns with any number of classes per frame, by their key in the target.
        counter: Leaves out the objects that do not count.
    """

    objects: LabelSpace
    semantic: LabelSpace
    classes: Mapping[str, AnswerFamily]
    multi_hot: Mapping[str, AnswerFamily]
    counter: ObjectCounter = field(default_factory=ObjectCounter)

    @property
    def always_set(self) -> tuple[str, ...]:
        """For each column of the targets, a column that has a value in every labeled video."""
        objects = (*self.objects.columns, *self.semantic.columns)
        answers = (*self.classes.values(), *self.multi_hot.values())
        return (*(c.family.always_set for c in objects), *(family.column for family in answers))

    @property
    def has_only_classes(self) -> bool:
        """Whether the target is only ``classes``: a frame without an answer is then empty."""
        others = (*self.objects.columns, *self.semantic.columns, *self.multi_hot)
        return bool(self.classes) and not others

    @property
    def answer_class_names(self) -> dict[str, tuple[str, ...]]:
        """Names of the options of each column of answers, by its key."""
        answers = {**self.classes, **self.multi_hot}
        return {name: family.class_names for name, family in answers.items()}

    def read(
        self,
        dataset: LabeledDataset,
        frames: FrameIndex,
        sizes: Sequence[tuple[int, int]],
        labeled: Sequence[tuple[int, int]],
    ) -> list[Target]:
        """Read the targets of frames.

        Args:
            dataset: The dataset.
            frames: The frames.
            sizes: Their heights and widths.
            labeled: The heights and widths to which their labels refer.

        Returns:
            One dict per frame; see `FrameDataset` for its keys.

        Raises:
            DatasetError: If Deep Lake cannot read.
            ConfigurationError: If a frame has several answers in a column of ``classes``.
        """
        targets: list[Target] = [
            {"image_id": image_id(video, frame), "video_idx": video, "frame_idx": frame}
            for video, frame in zip(frames.video_idx, frames.frame_idx, strict=True)
        ]
        if self.objects.columns:
            read = read_objects(dataset, frames.rows, self.objects)
            for target, found, size, old in zip(targets, read, sizes, labeled, strict=True):
                place = (int(target["video_idx"]), int(target["frame_idx"]))
                counted = self.counter.counted(found, place, old, size)
                target.update(_detections(counted, *size, with_masks=self.objects.has_masks))
        if self.semantic.columns:
            read = read_objects(dataset, frames.rows, self.semantic)
            for target, found, size, old in zip(targets, read, sizes, labeled, strict=True):
                scaled = [objects.scaled(old, size) for objects in found]
                target["semantic"] = _semantic_mask(scaled, *size)
        for name, family in self.classes.items():
            answers = Answers(family, dataset.cells(family.column, frames.rows))
            for target, options in zip(targets, answers.options, strict=True):
                target[name] = _class_index(name, options, target)
        for name, family in self.multi_hot.items():
            answers = Answers(family, dataset.cells(family.column, frames.rows))
            for target, chosen in zip(targets, answers.multi_hot, strict=True):
                target[name] = chosen.astype(np.float32)
        return targets


def _detections(
    counted: Sequence[tuple[FrameObjects, NDArray[np.float32]]],
    height: int,
    width: int,
    *,
    with_masks: bool,
) -> dict[str, NDArray[Any]]:
    found = [objects for objects, _ in counted]
    boxes = np.concatenate([np.zeros((0, 4), np.float32), *(boxes for _, boxes in counted)])
    boxes[:, 0::2] = boxes[:, 0::2].clip(0, width)
    boxes[:, 1::2] = boxes[:, 1::2].clip(0, height)
    target: dict[str, NDArray[Any]] = {
        "boxes": boxes,
        "labels": np.concatenate([np.zeros(0, np.int64), *(o.labels for o in found)]),
        "track_ids": np.concatenate([np.zeros(0, np.int64), *(o.track_ids for o in found)]),
    }
    if with_masks:
        none = np.zeros((0, height, width), np.uint8)
        target["masks"] = np.concatenate([none, *(o.masks(height, width) for o in found)])
    return target


def _semantic_mask(found: list[FrameObjects], height: int, width: int) -> NDArray[np.int64]:
    semantic = np.zeros((height, width), dtype=np.int64)
    for objects in found:
        for label, mask in zip(objects.labels, objects.masks(height, width), strict=True):
            semantic[mask != 0] = label
    return semantic


def _class_index(name: str, options: NDArray[np.int64], target: Target) -> np.int64:
    if len(options) > 1:
        raise ConfigurationError(
            f"Frame {target['frame_idx']} of video {target['video_idx']} has {len(options)} "
            f"answers in {name!r}; name the column in multi_hot= instead of classes=."
        )
    return np.int64(options[0] if len(options) else UNANSWERED)
