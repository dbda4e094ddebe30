"""Adapt the columns of a dataset to a changed ontology.

A feature that was renamed keeps its column and its number in ``class_names``, under its new name.
Columns of deleted features stay, with empty values.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import deeplake
import numpy as np

from deeplake_labelbox._model.ontology import Classification, Ontology
from deeplake_labelbox._store.column_types import empty_cell
from deeplake_labelbox._store.columns import (
    BASE_COLUMNS,
    column_kind,
    column_names,
    read_class_names,
    write_class_names,
)
from deeplake_labelbox._store.labelbox_meta import LabelboxMeta
from deeplake_labelbox._store.layout import Layout, make_layout
from deeplake_labelbox._store.row_index import RowIndex
from deeplake_labelbox._sync.label_columns import Key, LabelColumn, feature_key, label_columns
from deeplake_labelbox._sync.state import DatasetState


@dataclass(frozen=True, slots=True)
class ColumnChanges:
    """The changes of columns that follow from a changed ontology.

    Attributes:
        words: A text on each change of the ontology or the columns.
        to_write: Columns whose values change although the labels stay the same.
        deleted: Columns whose features were deleted.
    """

    words: tuple[str, ...] = ()
    to_write: frozenset[str] = frozenset()
    deleted: frozenset[str] = frozenset()


def migrate_columns(
    dataset: deeplake.Dataset, state: DatasetState, ontology: Ontology
) -> ColumnChanges:
    """Rename columns and classes of renamed features, without a commit.

    Args:
        dataset: The dataset.
        state: The dataset at the start of the sync.
        ontology: The ontology of the project.

    Returns:
        The changes that are still to be written, by the new names of the columns.
    """
    words = (
        tuple(describe_changes(state.applied.ontology, ontology))
        if state.applied is not None
        else ()
    )
    to_write: set[str] = set()
    deleted: set[str] = set()
    for prefix in state.prefixes:
        before = {}
        if state.applied is not None:
            old = _layout(dataset, state, state.applied.ontology, prefix)
            before = label_columns(old, dataset)
            if words:
                new = _layout(dataset, state, ontology, prefix, numbered=False)
                before, without = rename_columns(dataset, old, new)
                deleted |= without
        after = label_columns(_layout(dataset, state, ontology, prefix), dataset)
        to_write |= columns_to_write(before, after, column_names(dataset))
    if state.applied is not None and not words:
        # Without a change of the ontology, only the user can have removed these columns.
        removed = sorted(to_write - {*column_names(dataset)})
        words = tuple(f"column {name!r} created again" for name in removed)
    return ColumnChanges(words, frozenset(to_write), frozenset(deleted))


def _layout(
    dataset: deeplake.Dataset,
    state: DatasetState,
    ontology: Ontology,
    prefix: str,
    *,
    numbered: bool = True,
) -> Layout:
    """Lay out an ontology; ``numbered`` keeps the class numbers of the dataset."""
    existing = set(column_names(dataset))
    reserved = {*BASE_COLUMNS, *(state.metadata.column_names if state.metadata else ())}
    reserved.update(name for name in existing if column_kind(dataset, name) is None)

    def class_names(column: str) -> tuple[str, ...]:
        return read_class_names(dataset, column) if numbered and column in existing else ()

    return make_layout(
        ontology, state.group_mapping, reserved=reserved, class_names=class_names, prefix=prefix
    )


def rename_columns(
    dataset: deeplake.Dataset, old: Layout, new: Layout
) -> tuple[dict[str, LabelColumn], frozenset[str]]:
    """Rename the columns and classes of renamed features.

    Args:
        dataset: The dataset, with the columns of ``old``.
        old: The present columns, with the class names of the dataset.
        new: The columns as a new dataset would name them.

    Returns:
        The old columns by their new names, and the names of columns whose features were deleted.
    """
    before, after = label_columns(old, dataset), label_columns(new, dataset)
    existing = set(column_names(dataset))
    kept = _matched(before, after, existing)
    renames = {old_name: name for name, old_name in kept.items() if name != old_name}
    taken = existing - renames.keys()
    for name, column in after.items():
        # A column of deleted features is renamed if a new column needs its name.
        if name not in taken:
            continue
        kind = column_kind(dataset, name)
        if name in renames.values() or (name not in kept and kind != column.kind):
            renames[name] = _free_name(f"{name}_{kind}", taken | after.keys())
    for number, name in enumerate(renames):
        dataset.rename_column(name, f"labelbox_renamed_{number}")
    for number, name in enumerate(renames.values()):
        dataset.rename_column(f"labelbox_renamed_{number}", name)
    for name, old_name in kept.items():
        names = _class_names(read_class_names(dataset, name), before[old_name], after[name], new)
        write_class_names(dataset, name, names)
    gone = (before.keys() & existing) - set(kept.values())
    return (
        {name: before[old_name] for name, old_name in kept.items()},
        frozenset(renames.get(name, name) for name in gone),
    )


def columns_to_write(
    before: Mapping[str, LabelColumn], after: Mapping[str, LabelColumn], existing: Iterable[str]
) -> frozenset[str]:
    """Find the columns whose values change although the labels stay the same.

    Args:
        before: The old columns, by their new names.
        after: The new columns.
        existing: Names of the columns of the dataset.

    Returns:
        Names of new columns, of columns that lose a feature, and of columns with new class numbers.
    """
    existing = set(existing)
    changed = {
        name
        for name, column in after.items()
        if name not in existing or name not in before or _differs(before[name], column)
    }
    lost = {
        column.family
        for name, column in after.items()
        if name in before and before[name].features - column.features and name == column.family
    }
    return frozenset(changed | {name for name, column in after.items() if column.family in lost})


def _matched(
    before: Mapping[str, LabelColumn], after: Mapping[str, LabelColumn], existing: set[str]
) -> dict[str, str]:
    """Map new names to old names of columns that share features."""
    left = {name: column for name, column in before.items() if name in existing}
    kept: dict[str, str] = {}
    # Columns that keep their name are matched first, then those that share most features.
    for name, column in sorted(after.items(), key=lambda item: item[0] not in left):
        found = [
            old
            for old, candidate in left.items()
            if candidate.kind == column.kind and candidate.features & column.features
        ]
        if found:
            best = max(
                found, key=lambda old: (old == name, len(left[old].features & column.features))
            )
            kept[name] = best
            del left[best]
    return kept


def _class_names(
    names: tuple[str, ...], before: LabelColumn, after: LabelColumn, layout: Layout
) -> tuple[str, ...]:
    """Return the class names; a name changes if all features of its class got the same new name."""
    fresh = _fresh_names(after, layout)
    wanted = []
    for number, name in enumerate(names):
        now = {
            fresh[key] for key, index in before.classes.items() if index == number and key in fresh
        }
        wanted.append(now.pop() if len(now) == 1 else name)
    if len(set(wanted)) == len(wanted):
        return tuple(wanted)
    result = list(names)
    for number, name in enumerate(wanted):
        if name not in result:
            result[number] = name
    return tuple(result)


def _fresh_names(column: LabelColumn, layout: Layout) -> dict[Key, str]:
    """Return the names that the classes would get in a new dataset."""
    for geometry in layout.geometries:
        if geometry.labels == column.name and geometry.grouped:
            return {feature_key(tool): tool.name for tool in geometry.tools}
    of_objects = (answers for geometry in layout.geometries for answers in geometry.answers)
    for answers in (*of_objects, *layout.answers):
        if answers.name == column.name:
            return {key: answers.class_names[i] for key, i in column.classes.items()}
    return {}


def _differs(before: LabelColumn, after: LabelColumn) -> bool:
    return (
        before.kind != after.kind
        or before.width != after.width
        or bool(before.features - after.features)
        or any(after.classes.get(key) != index for key, index in before.classes.items())
    )


def _free_name(wanted: str, taken: Iterable[Any]) -> str:
    name, count = wanted, 1
    while name in taken:
        count += 1
        name = f"{wanted}_{count}"
    return name


def describe_changes(before: Ontology, after: Ontology) -> list[str]:
    """Describe each change between two ontologies in words."""
    old, new = dict(_features(before)), dict(_features(after))
    words = []
    for key, (what, name) in new.items():
        if key not in old:
            words.append(f"{what} {name!r} added")
        elif old[key][1] != name:
            words.append(f"{what} {old[key][1]!r} renamed to {name!r}")
    words += [f"{what} {name!r} deleted" for key, (what, name) in old.items() if key not in new]
    return words


def _features(ontology: Ontology) -> Iterator[tuple[Key, tuple[str, str]]]:
    for tool in ontology.tools:
        key = (feature_key(tool),)
        yield key, ("tool", tool.name)
        yield from _questions(tool.classifications, key)
    yield from _questions(ontology.classifications, ())


def _questions(
    classifications: Iterable[Classification], above: Key
) -> Iterator[tuple[Key, tuple[str, str]]]:
    for classification in classifications:
        key: Key = (*above, feature_key(classification))
        yield key, ("classification", classification.name)
        for option in classification.options:
            option_key: Key = (*key, feature_key(option))
            yield option_key, ("option", option.value)
            yield from _questions(option.classifications, option_key)


def write_empty_values(
    dataset: deeplake.Dataset, columns: Collection[str], index: RowIndex, meta: LabelboxMeta
) -> None:
    """Write empty values to every row that has a value, without a commit.

    Args:
        dataset: The dataset.
        columns: Label columns.
        index: Its rows.
        meta: Its videos.
    """
    for column in columns:
        kind = str(column_kind(dataset, column))
        for video in meta.videos:
            rows = index.rows_of(video)
            if len(rows.rows) and _holds_any(dataset, column, rows.rows):
                options = len(read_class_names(dataset, column))
                empty = empty_cell(kind, height=video.height, width=video.width, options=options)
                rows.write(dataset, column, [empty] * len(rows.frames))


def _holds_any(dataset: deeplake.Dataset, column: str, rows: Any) -> bool:
    """Return whether a row has an object or an answer; stop reading at the first one."""
    for row in rows:
        value: Any = dataset[column][int(row)]
        texts = isinstance(value, str) or np.asarray(value).dtype.kind in "OU"
        if any(np.ravel(value)) if texts else np.size(value):
            return True
    return False
