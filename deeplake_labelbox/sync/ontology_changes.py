"""What a changed ontology means for the columns of a dataset.

Features are told by their schema ids, so that one that was renamed keeps its column and its number
in ``class_names``, under its new name. Columns of features that are gone stay, with empty values.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import deeplake

from deeplake_labelbox.dataset.columns import (
    AnswerColumn,
    AnswerSource,
    GeometryColumn,
    ReadableDataset,
    column_kind,
    column_names,
    read_class_names,
    write_class_names,
)
from deeplake_labelbox.dataset.layout import Layout
from deeplake_labelbox.project.ontology import Classification, Ontology, Option, Tool

Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class LabelColumn:
    """One column of a layout, with what identifies it whatever it is called.

    Attributes:
        name: Its name.
        kind: Its kind, as in `column_kind`.
        features: The tools or classifications that it holds.
        classes: Number of each class, by the tool or option; of columns that hold classes.
        family: Name of the geometry column that it stands beside, or its own.
        width: How many classes every value has, where it is a row of yes and no.
    """

    name: str
    kind: str
    features: frozenset[Key]
    classes: Mapping[Key, int]
    family: str
    width: int = 0


def label_columns(layout: Layout, dataset: ReadableDataset) -> dict[str, LabelColumn]:
    """The columns of a layout by name, with the class numbers that they have in a dataset."""
    return {column.name: column for column in _columns(layout, dataset)}


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


def said(before: Ontology, after: Ontology) -> list[str]:
    """What changed between two ontologies, in words."""
    old, new = dict(_features(before)), dict(_features(after))
    words = []
    for key, (what, name) in new.items():
        if key not in old:
            words.append(f"{what} {name!r} added")
        elif old[key][1] != name:
            words.append(f"{what} {old[key][1]!r} renamed to {name!r}")
    words += [f"{what} {name!r} deleted" for key, (what, name) in old.items() if key not in new]
    return words


def _columns(layout: Layout, dataset: ReadableDataset) -> Iterator[LabelColumn]:
    existing = set(column_names(dataset))
    for geometry in layout.geometries:
        tools = frozenset(_key(tool) for tool in geometry.tools)
        family = geometry.name
        yield LabelColumn(family, geometry.kind, tools, {}, family)
        if geometry.grouped:
            known = (
                read_class_names(dataset, geometry.labels) if geometry.labels in existing else ()
            )
            yield LabelColumn(
                geometry.labels, "labels", tools, _tool_classes(geometry, known), family
            )
        yield LabelColumn(geometry.track_ids, "track_ids", tools, {}, family)
        yield LabelColumn(geometry.key_frames, "key_frames", tools, {}, family)
        for answers in geometry.answers:
            width = len(answers.class_names) if answers.object_kind == "object choices" else 0
            yield _answer_column(answers, answers.object_kind, family, width)
    for answers in layout.answers:
        yield _answer_column(answers, answers.frame_kind, answers.name, 0)


def _answer_column(column: AnswerColumn, kind: str, family: str, width: int) -> LabelColumn:
    classes = {
        (*_asked(source), _key(option)): source.classes[index]
        for source in column.sources
        for index, option in enumerate(source.classification.options)
    }
    features = frozenset(_asked(source) for source in column.sources)
    return LabelColumn(column.name, kind, features, classes, family, width)


def _tool_classes(geometry: GeometryColumn, known: tuple[str, ...]) -> dict[Key, int]:
    names = list(dict.fromkeys([*known, *(tool.name for tool in geometry.tools)]))
    return {_key(tool): names.index(tool.name) for tool in geometry.tools}


def _asked(source: AnswerSource) -> Key:
    """Where in the ontology a classification is asked."""
    path = [
        key
        for classification, option in source.path
        for key in (_key(classification), _key(classification.options[option]))
    ]
    tool = () if source.tool is None else (_key(source.tool),)
    return (*tool, *path, _key(source.classification))


def _key(item: Tool | Classification | Option) -> Key:
    if item.feature_schema_id is not None:
        return (item.feature_schema_id,)
    return ("named", item.value if isinstance(item, Option) else item.name)


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
            return {_key(tool): tool.name for tool in geometry.tools}
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


def _features(ontology: Ontology) -> Iterator[tuple[Key, tuple[str, str]]]:
    for tool in ontology.tools:
        key = (_key(tool),)
        yield key, ("tool", tool.name)
        yield from _questions(tool.classifications, key)
    yield from _questions(ontology.classifications, ())


def _questions(
    classifications: Iterable[Classification], above: Key
) -> Iterator[tuple[Key, tuple[str, str]]]:
    for classification in classifications:
        key: Key = (*above, _key(classification))
        yield key, ("classification", classification.name)
        for option in classification.options:
            option_key: Key = (*key, _key(option))
            yield option_key, ("option", option.value)
            yield from _questions(option.classifications, option_key)


def _free(wanted: str, taken: Iterable[Any]) -> str:
    name, count = wanted, 1
    while name in taken:
        count += 1
        name = f"{wanted}_{count}"
    return name
