"""How often each class occurs, and weights that make up for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from deeplake_labelbox._store.columns import ReadableDataset
from deeplake_labelbox.errors import ConfigurationError
from deeplake_labelbox.training.frame_table import FrameTable
from deeplake_labelbox.training.label_space import (
    AnswerColumn,
    LabelSpace,
    answer_names,
    as_names,
)


def class_counts(
    dataset: ReadableDataset,
    columns: Sequence[str] | None = None,
    *,
    videos: Iterable[int] | None = None,
) -> dict[str, int]:
    """Count objects, or frames with an answer, by class.

    Args:
        dataset: The dataset.
        columns: Names of columns of objects, or one name of a column of answers. By default all
            columns of rectangles, or if there are none, all of masks and polygons.
        videos: Values of ``video_idx``, for example of `split_by_video`; by default all.

    Returns:
        The number of objects in all frames (of frames with the answer), by name of the class. In
        the order of the class numbers: of ``labels`` without the background, or of the answers.

    Raises:
        ConfigurationError: If a column holds neither, or both kinds are asked for at once.
    """
    table = FrameTable.of(dataset).of_videos(videos)
    per_video = _counts_by_video(dataset, table, columns)
    return {name: int(counts.sum()) for name, counts in per_video.items()}


def class_weights(counts: Mapping[str, int]) -> dict[str, float]:
    """Weights that give every class the same weight in all: ``total / (classes * count)``.

    Args:
        counts: As `class_counts` returns them.

    Returns:
        The weight of each class, in the same order; 0 for a class that does not occur. For
        `torch.nn.CrossEntropyLoss` on answers: ``torch.tensor(list(weights.values()))``.

    Example:
        ```python
        import deeplake
        import torch

        from deeplake_labelbox.training import class_counts, class_weights

        weights = class_weights(class_counts(deeplake.open("clips"), ["weather"]))
        loss = torch.nn.CrossEntropyLoss(weight=torch.tensor(list(weights.values())))
        ```
    """
    present = sum(count > 0 for count in counts.values())
    total = sum(counts.values())
    return {name: total / (present * count) if count > 0 else 0.0 for name, count in counts.items()}


def counts_by_video(
    dataset: ReadableDataset, columns: Sequence[str] | None, videos: Sequence[int]
) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """How often each class occurs in each video, (videos, classes)."""
    table = FrameTable.of(dataset).of_videos(videos)
    per_class = _counts_by_video(dataset, table, columns).values()
    order = np.searchsorted(np.unique(table.video_idx), videos)
    return np.stack([counts[order] for counts in per_class], axis=1)


def _counts_by_video(
    dataset: ReadableDataset, table: FrameTable, columns: Sequence[str] | None
) -> dict[str, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """For each class, its number per video, videos ascending."""
    videos, video_of = np.unique(table.video_idx, return_inverse=True)
    answers = answer_names(dataset)
    asked = [name for name in as_names(columns or ()) if name in answers]
    found: list[tuple[str, str | None, tuple[int, ...]]]
    if asked:
        if len(as_names(columns or ())) > 1:
            raise ConfigurationError(
                f"Column {asked[0]!r} holds answers of frames, which are counted by themselves; "
                f"give it as the only column."
            )
        column = AnswerColumn.of(dataset, asked[0])
        class_names = column.class_names
        found = [(column.name, column.name, tuple(range(len(class_names))))]
    else:
        space = LabelSpace.of(dataset, columns)
        class_names = space.class_names[1:]
        found = [
            (column.track_ids, column.labels, tuple(n - 1 for n in column.classes))
            for column in space.columns
        ]
    counts = np.zeros((len(class_names), len(videos)), dtype=np.int64)
    for ids, labels, classes in found:
        values = table.read(dataset, labels or ids)
        lengths = [0 if value is None else len(value) for value in values]
        own = np.concatenate([np.zeros(0, np.int64), *(v for v in values if v is not None)])
        numbers = np.asarray(classes)[own.astype(np.int64) if labels else np.zeros(len(own), int)]
        np.add.at(counts, (numbers, np.repeat(video_of, lengths)), 1)
    return dict(zip(class_names, counts, strict=True))
