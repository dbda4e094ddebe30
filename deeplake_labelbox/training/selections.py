"""Conditions that select the frames to train on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._store.answers import Answers
from deeplake_labelbox._store.families import AnswerFamily
from deeplake_labelbox._store.frame_index import FrameIndex
from deeplake_labelbox._store.label_space import LabelSpace, as_names
from deeplake_labelbox._store.labeled_dataset import LabeledDataset
from deeplake_labelbox._store.labeled_frames import rows_with
from deeplake_labelbox._store.objects import FamilyObjects
from deeplake_labelbox.errors import ConfigurationError


def answered(
    dataset: LabeledDataset, frames: FrameIndex, answers: Iterable[AnswerFamily]
) -> NDArray[np.bool_]:
    """Select frames that have an answer in one of the columns."""
    found = np.zeros(len(frames), dtype=bool)
    for family in answers:
        found |= rows_with(dataset, frames, family.column, lambda value: len(value) > 0)
    return found


def with_key_frames(
    dataset: LabeledDataset, frames: FrameIndex, spaces: Sequence[LabelSpace]
) -> NDArray[np.bool_]:
    """Select frames in which an object of the columns (if none, of any) was drawn."""
    chosen = [column.family for space in spaces for column in space.columns]
    found = np.zeros(len(frames), dtype=bool)
    for family in chosen or dataset.families.objects:
        if family.key_frames is not None:
            found |= rows_with(
                dataset, frames, family.key_frames, lambda value: bool(np.any(value))
            )
    return found


def with_class(
    dataset: LabeledDataset,
    frames: FrameIndex,
    names: Sequence[str],
    spaces: Sequence[LabelSpace],
    answers: Mapping[str, AnswerFamily],
) -> NDArray[np.bool_]:
    """Select frames that have an object or answer of one of the classes.

    Raises:
        ConfigurationError: If a class is not one of the target.
    """
    wanted = set(as_names(names))
    known = [name for space in spaces for name in space.class_names[1:]]
    known += [name for family in answers.values() for name in family.class_names]
    if unknown := sorted(wanted - set(known)):
        raise ConfigurationError(
            f"No class is named {unknown[0]!r}; the classes of the chosen columns are: "
            f"{', '.join(known) or 'none'}."
        )
    found = np.zeros(len(frames), dtype=bool)
    for space in spaces:
        for column in space.columns:
            own = [i for i, name in enumerate(column.family.class_names) if name in wanted]
            if own:
                objects = FamilyObjects(column.family, frames.rows, dataset.cells)
                found[objects.places[np.isin(objects.class_ids, own)]] = True
    for family in answers.values():
        options = [i for i, name in enumerate(family.class_names) if name in wanted]
        if options:
            chosen = Answers(family, dataset.cells(family.column, frames.rows)).multi_hot
            found |= chosen[:, options].any(axis=1)
    return found
