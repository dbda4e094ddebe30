"""Identify the columns of a layout by their features, even after they were renamed.

A feature is identified by its schema id, which stays when the feature is renamed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from deeplake_labelbox._model.ontology import Classification, Option, Tool
from deeplake_labelbox._store.columns import (
    AnswerColumn,
    AnswerSource,
    GeometryColumn,
    ReadableDataset,
    column_names,
    read_class_names,
)
from deeplake_labelbox._store.layout import Layout

Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class LabelColumn:
    """One column of a layout, and the features that identify it.

    Attributes:
        name: Its name.
        kind: Its kind, as in `column_kind`.
        features: The tools or classifications that it holds.
        classes: Number of each class, by tool or option, if the column holds classes.
        family: Name of the geometry column that it belongs to, or its own name.
        width: Number of classes in each value, if values are multi-hot.
    """

    name: str
    kind: str
    features: frozenset[Key]
    classes: Mapping[Key, int]
    family: str
    width: int = 0


def label_columns(layout: Layout, dataset: ReadableDataset) -> dict[str, LabelColumn]:
    """Return the columns of a layout by name, with their class numbers in a dataset."""
    return {column.name: column for column in _columns(layout, dataset)}


def feature_key(item: Tool | Classification | Option) -> Key:
    """Identify a feature: by its schema id, or by its name if it has no id."""
    if item.feature_schema_id is not None:
        return (item.feature_schema_id,)
    return ("named", item.value if isinstance(item, Option) else item.name)


def _columns(layout: Layout, dataset: ReadableDataset) -> Iterator[LabelColumn]:
    existing = set(column_names(dataset))
    for geometry in layout.geometries:
        tools = frozenset(feature_key(tool) for tool in geometry.tools)
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
        (*_question_key(source), feature_key(option)): source.classes[index]
        for source in column.sources
        for index, option in enumerate(source.classification.options)
    }
    features = frozenset(_question_key(source) for source in column.sources)
    return LabelColumn(column.name, kind, features, classes, family, width)


def _tool_classes(geometry: GeometryColumn, known: tuple[str, ...]) -> dict[Key, int]:
    names = list(dict.fromkeys([*known, *(tool.name for tool in geometry.tools)]))
    return {feature_key(tool): names.index(tool.name) for tool in geometry.tools}


def _question_key(source: AnswerSource) -> Key:
    """Identify a classification by its path in the ontology."""
    path = [
        key
        for classification, option in source.path
        for key in (feature_key(classification), feature_key(classification.options[option]))
    ]
    tool = () if source.tool is None else (feature_key(source.tool),)
    return (*tool, *path, feature_key(source.classification))
