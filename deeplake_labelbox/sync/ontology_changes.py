"""What a changed ontology means for the columns of a dataset.

A feature that was renamed keeps its column and its number in ``class_names``, under its new name.
Columns of features that are gone stay, with empty values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import deeplake

from deeplake_labelbox.dataset.columns import (
    column_kind,
    column_names,
    read_class_names,
    write_class_names,
)
from deeplake_labelbox.dataset.layout import Layout
from deeplake_labelbox.sync.label_columns import Key, LabelColumn, feature_key, label_columns


def rename_columns(
    dataset: deeplake.Dataset, old: Layout, new: Layout
) -> tuple[dict[str, LabelColumn], frozenset[str]]:
    """Give columns and classes of features that were renamed their new names.

    Args:
        dataset: The dataset, with the columns of ``old``.
        old: The columns so far, with the class names that the dataset has.
        new: The columns as they would be named in a new dataset.

    Returns:
        The columns so far, by the names that they have from now on; and the names of those whose
        features are gone.
    """
    before, after = label_columns(old, dataset), label_columns(new, dataset)
    existing = set(column_names(dataset))
    kept = _matched(before, after, existing)
    renames = {old_name: name for name, old_name in kept.items() if name != old_name}
    taken = existing - renames.keys()
    for name, column in after.items():
        # Columns of features that are gone make room for others, also of another kind.
        if name not in taken:
            continue
        kind = column_kind(dataset, name)
        if name in renames.values() or (name not in kept and kind != column.kind):
            renames[name] = _free(f"{name}_{kind}", taken | after.keys())
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
    """The columns whose values differ for labels that are the same.

    Args:
        before: The columns so far, by the names that they have now.
        after: The columns from now on.
        existing: The columns that the dataset has.

    Returns:
        Their names: new columns, those that lose a feature, and those whose numbers change.
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
    """New name to old name of the columns that hold some of the same features."""
    left = {name: column for name, column in before.items() if name in existing}
    kept: dict[str, str] = {}
    # A column that keeps its name is sure of itself; then the one with most in common.
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
    """Class names with those replaced that all features of the class were renamed to."""
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
    """The names that classes get in a new dataset."""
    for geometry in layout.geometries:
        if geometry.labels == column.name and geometry.grouped:
            return {feature_key(tool): tool.name for tool in geometry.tools}
        for answers in geometry.answers:
            if answers.name == column.name:
                return {key: answers.class_names[i] for key, i in column.classes.items()}
    for answers in layout.answers:
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


def _free(wanted: str, taken: Iterable[Any]) -> str:
    name, count = wanted, 1
    while name in taken:
        count += 1
        name = f"{wanted}_{count}"
    return name
