"""The columns of a dataset follow the ontology of its project."""

from __future__ import annotations

from dataclasses import dataclass

import deeplake

from deeplake_labelbox.dataset.columns import column_kind, column_names, read_class_names
from deeplake_labelbox.dataset.frames import BASE_COLUMNS
from deeplake_labelbox.dataset.layout import Layout, make_layout
from deeplake_labelbox.project.ontology import Ontology
from deeplake_labelbox.sync.known import Known
from deeplake_labelbox.sync.label_columns import label_columns
from deeplake_labelbox.sync.ontology_changes import columns_to_write, rename_columns
from deeplake_labelbox.sync.ontology_words import said


@dataclass(frozen=True, slots=True)
class ColumnChanges:
    """What an ontology means for the columns.

    Attributes:
        words: What changed in it, or in the columns.
        to_write: Columns whose values differ for labels that are the same.
        gone: Columns whose features are gone.
    """

    words: tuple[str, ...] = ()
    to_write: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()


def follow_ontology(dataset: deeplake.Dataset, known: Known, ontology: Ontology) -> ColumnChanges:
    """Rename the columns that the ontology renamed, without a commit.

    Args:
        dataset: The dataset.
        known: What it held before.
        ontology: The ontology of the project.

    Returns:
        What is left to be done; columns go by the names that they have then.
    """
    words = tuple(said(known.applied.ontology, ontology)) if known.applied is not None else ()
    to_write: set[str] = set()
    gone: set[str] = set()
    for prefix in known.prefixes:
        before = {}
        if known.applied is not None:
            old = _layout(dataset, known, known.applied.ontology, prefix)
            before = label_columns(old, dataset)
            if words:
                new = _layout(dataset, known, ontology, prefix, numbered=False)
                before, without = rename_columns(dataset, old, new)
                gone |= without
        after = label_columns(_layout(dataset, known, ontology, prefix), dataset)
        to_write |= columns_to_write(before, after, column_names(dataset))
    if known.applied is not None and not words:
        # Nothing else makes columns that are not there.
        removed = sorted(to_write - {*column_names(dataset)})
        words = tuple(f"column {name!r} made again" for name in removed)
    return ColumnChanges(words, frozenset(to_write), frozenset(gone))


def _layout(
    dataset: deeplake.Dataset,
    known: Known,
    ontology: Ontology,
    prefix: str,
    *,
    numbered: bool = True,
) -> Layout:
    """The columns of an ontology; ``numbered`` with the classes that the dataset has."""
    existing = set(column_names(dataset))
    reserved = {*BASE_COLUMNS, *(known.metadata.column_names if known.metadata else ())}
    reserved.update(name for name in existing if column_kind(dataset, name) is None)

    def class_names(column: str) -> tuple[str, ...]:
        return read_class_names(dataset, column) if numbered and column in existing else ()

    return make_layout(
        ontology, known.group_mapping, reserved=reserved, class_names=class_names, prefix=prefix
    )
