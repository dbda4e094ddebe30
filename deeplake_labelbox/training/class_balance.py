"""Count classes, and compute weights that balance them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._store.answers import Answers
from deeplake_labelbox._store.frame_index import FrameIndex
from deeplake_labelbox._store.label_space import LabelSpace, answer_columns, as_names
from deeplake_labelbox._store.labeled_dataset import DatasetLike, LabeledDataset
from deeplake_labelbox._store.objects import FamilyObjects
from deeplake_labelbox.errors import ConfigurationError


def class_counts(
    dataset: DatasetLike,
    columns: Sequence[str] | None = None,
    *,
    videos: Iterable[int] | None = None,
) -> dict[str, int]:
    """Count objects, or frames with an answer, by class.

    Args:
        dataset: A `LabeledDataset`, an open Deep Lake dataset, or a path.
        columns: Names of columns of objects, or one name of a column of answers. By default all
            columns of rectangles, or if there are none, all of masks and polygons.
        videos: Values of ``video_idx``, for example of `split_by_video`; by default all.

    Returns:
        The number of objects in all frames (or of frames with the answer) by class name, in the
        order of the class numbers: of ``labels`` without the background, or of the answers.

    Raises:
        ConfigurationError: If a column holds neither, or both kinds are requested at once.
    """
    labeled = LabeledDataset.of(dataset)
    per_video = _counts_by_video(labeled, labeled.index.of_videos(videos), columns)
    return {name: int(counts.sum()) for name, counts in per_video.items()}


def class_weights(counts: Mapping[str, int]) -> dict[str, float]:
    """Compute weights that give every class the same total weight: ``total / (classes * count)``.

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
    dataset: LabeledDataset, columns: Sequence[str] | None, videos: Sequence[int]
) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """Count each class in each video: (videos, classes)."""
    table = dataset.index.of_videos(videos)
    per_class = _counts_by_video(dataset, table, columns).values()
    order = np.searchsorted(np.unique(table.video_idx), videos)
    return np.stack([counts[order] for counts in per_class], axis=1)


def _counts_by_video(
    dataset: LabeledDataset, table: FrameIndex, columns: Sequence[str] | None
) -> dict[str, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Count each class per video, videos ascending."""
    videos, video_of = np.unique(table.video_idx, return_inverse=True)
    known = answer_columns(dataset)
    names = [name for name in as_names(columns or ()) if name in known]
    # For each column, the class and the frame of everything counted.
    found: list[tuple[NDArray[np.int64], NDArray[np.int64]]]
    if names:
        if len(as_names(columns or ())) > 1:
            raise ConfigurationError(
                f"Column {names[0]!r} holds answers of frames, which are counted separately; "
                f"give it as the only column."
            )
        family = known[names[0]]
        class_names = family.class_names
        answers = Answers(family, dataset.cells(family.column, table.rows))
        places, options = answers.chosen
        found = [(options, places)]
    else:
        space = LabelSpace.of(dataset, columns)
        class_names = space.class_names[1:]
        found = []
        for column in space.columns:
            objects = FamilyObjects(column.family, table.rows, dataset.cells)
            found.append((np.asarray(column.classes)[objects.class_ids] - 1, objects.places))
    counts = np.zeros((len(class_names), len(videos)), dtype=np.int64)
    for classes, places in found:
        np.add.at(counts, (classes, video_of[places]), 1)
    return dict(zip(class_names, counts, strict=True))
