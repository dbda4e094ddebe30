"""Find the ontology of a Deep Lake dataset."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import deeplake

from deeplake_labelbox._model.annotations import AnswerKind
from deeplake_labelbox._model.ontology import Classification, Ontology, Option, Tool
from deeplake_labelbox._store.applied_labels import AppliedLabels
from deeplake_labelbox._store.column_types import ANSWER_KINDS, geometry_kind
from deeplake_labelbox._store.families import AnswerFamily
from deeplake_labelbox._store.labeled_dataset import LabeledDataset
from deeplake_labelbox.errors import OntologyError


def ontology_of_dataset(dataset: deeplake.Dataset) -> Ontology:
    """Return the ontology that a dataset was labeled with, or infer one from its columns.

    A dataset with labels of this package records the ontology that they were applied with.
    Otherwise the ontology is inferred from the columns. A column of geometries becomes a tool, and
    a shared column a tool for each of its class names. Answers of objects become classifications of
    their tool, and answers of frames become classifications per frame. Columns do not distinguish
    radios from checklists of frames, or frame from global classifications. So a classification
    becomes a checklist if some row has several answers, and all of them are per frame.

    Raises:
        OntologyError: If no column holds geometries or answers.
    """
    applied = AppliedLabels.read(dataset)
    ontology = _of_columns(dataset) if applied is None else applied.ontology
    if not ontology.tools and not ontology.classifications:
        raise OntologyError(
            "No column of the dataset holds geometries or answers, so no ontology can be inferred; "
            "pass `ontology` as a labelbox.Ontology, its id or its normalized dict."
        )
    return ontology


def _of_columns(dataset: deeplake.Dataset) -> Ontology:
    labeled = LabeledDataset(dataset)
    tools = [
        Tool(
            name,
            family.kind,
            color=family.colors.get(name) or None,
            classifications=_classifications([(a, ANSWER_KINDS[a.kind]) for a in family.answers]),
        )
        for family in labeled.families.objects
        for name in family.class_names
    ]
    known = {family.column for family in labeled.families.objects}
    for column in dataset.schema.columns:
        kind = geometry_kind(column.dtype)
        if kind is not None and column.name not in known:
            tools.append(Tool(column.name.rpartition("/")[2], kind))
    answers: list[tuple[AnswerFamily, AnswerKind]] = [
        (family, "checklist" if _has_several(labeled, family) else ANSWER_KINDS[family.kind])
        for family in labeled.families.answers
    ]
    per_frame = _classifications(answers)
    return Ontology(tuple(tools), tuple(replace(each, scope="index") for each in per_frame))


def _classifications(
    answers: list[tuple[AnswerFamily, AnswerKind]], parent: str | None = None
) -> tuple[Classification, ...]:
    """Return classifications with those nested below them, like ``color/red/shade`` below color."""
    found = []
    for family, kind in answers:
        if family.parent != parent:
            continue
        options = tuple(
            Option(value, value, classifications=_below(answers, family, value))
            for value in family.class_names
        )
        name = family.question.rpartition("/")[2]
        answer_kind: Any = kind if options else "text"
        found.append(Classification(name, answer_kind, instructions=name, options=options))
    return tuple(found)


def _below(
    answers: list[tuple[AnswerFamily, AnswerKind]], family: AnswerFamily, option: str
) -> tuple[Classification, ...]:
    own = [pair for pair in answers if pair[0].name.startswith(f"{family.name}/{option}/")]
    return _classifications(own, family.name)


def _has_several(labeled: LabeledDataset, family: AnswerFamily) -> bool:
    # Answers rarely change from row to row, so reading some rows is enough for most videos.
    step = max(len(labeled) // 1000, 1)
    return any(
        len(options) > 1
        for options in labeled.answers(slice(None, None, step))[family.name].options
    )
