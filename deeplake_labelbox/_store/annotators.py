"""Columns of single annotators, which ``label_selection="all"`` writes beside the shared columns.

Their names begin with the annotator: ``ada@company.com/car`` beside ``car``.
"""

from __future__ import annotations

from collections.abc import Mapping

from deeplake_labelbox._store.columns import ReadableDataset, column_kind, column_names
from deeplake_labelbox._store.labelbox_meta import check_maker
from deeplake_labelbox.errors import ConfigurationError


def annotated_kinds(dataset: ReadableDataset, annotator: str | None = None) -> dict[str, str]:
    """Return the kinds of the columns that the converter created, by name.

    Args:
        dataset: The dataset.
        annotator: Annotator whose columns are returned, by their names without the annotator;
            ``None`` for the shared columns.

    Raises:
        ConfigurationError: If the annotator has no columns.
        DatasetMismatchError: If `deeplake.integrations` made the dataset.
    """
    check_maker(dataset)
    kinds = _kinds(dataset)
    owners = annotators_of(kinds)
    if annotator is None:
        return {name: kind for name, kind in kinds.items() if name not in owners}
    names = sorted(set(owners.values()))
    if annotator not in names:
        of = f"it has those of {', '.join(names)}" if names else "it has none of any annotator"
        raise ConfigurationError(
            f"The dataset has no columns of annotator {annotator!r}; {of}. Columns of annotators "
            f"are created if labels are applied with `label_selection='all'`."
        )
    return {
        name.removeprefix(f"{annotator}/"): kinds[name]
        for name, owner in owners.items()
        if owner == annotator
    }


def annotators_of(kinds: Mapping[str, str]) -> dict[str, str]:
    """Return the annotator of each column that belongs to one.

    Args:
        kinds: The kind of each column that the converter created, by name.
    """
    owners = {}
    for name, kind in kinds.items():
        annotator, slash, rest = name.partition("/")
        # A tool or classification with answers below it has a column itself.
        if not slash or annotator in kinds or f"{annotator}/{annotator}" in kinds:
            continue
        if kinds.get(rest) == kind:
            owners[name] = annotator
    return owners


def annotators(dataset: ReadableDataset) -> tuple[str, ...]:
    """Return the annotators that have columns of their own, in alphabetical order."""
    return tuple(sorted(set(annotators_of(_kinds(dataset)).values())))


def _kinds(dataset: ReadableDataset) -> dict[str, str]:
    kinds = {name: column_kind(dataset, name) for name in column_names(dataset)}
    return {name: kind for name, kind in kinds.items() if kind is not None}
