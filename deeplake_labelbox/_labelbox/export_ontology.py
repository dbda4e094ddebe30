"""Infer the ontology from an export, for work without Labelbox.

It has only the features that labels use, in the order of first use.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from deeplake_labelbox._model.annotations import Answer, Feature
from deeplake_labelbox._model.json_values import as_list, as_mapping
from deeplake_labelbox._model.labels import parse_label
from deeplake_labelbox._model.ontology import Classification, Ontology, Option, Scope, Tool


def ontology_of_export(data_rows: Iterable[Mapping[str, Any]], project_id: str) -> Ontology:
    """Collect the tools, classifications and options that the labels of a project use.

    Args:
        data_rows: The rows of an export.
        project_id: The project whose labels to use.

    Returns:
        The part of the ontology that the labels use.
    """
    tools: dict[tuple[str, str], _FeatureQuestions] = {}
    top = _Questions()
    for row in data_rows:
        project = as_mapping(as_mapping(row.get("projects")).get(project_id))
        for label in as_list(project.get("labels")):
            parsed = parse_label(as_mapping(label))
            for track in parsed.tracks:
                key = (_key(track.feature)[1], track.kind)
                found = tools.setdefault(key, _FeatureQuestions(track.feature))
                for answers in track.answers:
                    found.questions.add(answers, "global")
            for by_frame in parsed.frame_answers:
                top.add(by_frame.answers.values(), "index")
            top.add(parsed.global_answers, "global")
    return Ontology(
        tools=tuple(
            Tool(
                name=_name(found.feature),
                kind=kind,
                feature_schema_id=found.feature.feature_schema_id,
                classifications=found.questions.classifications(),
            )
            for (_, kind), found in tools.items()
        ),
        classifications=top.classifications(),
    )


class _Questions:
    """The classifications at one level of the ontology, with the options that were chosen."""

    def __init__(self) -> None:
        self._asked: dict[
            tuple[str, str], tuple[Answer, Scope, dict[tuple[str, str], _FeatureQuestions]]
        ] = {}

    def add(self, answers: Iterable[Answer], scope: Scope) -> None:
        for answer in answers:
            _, _, options = self._asked.setdefault(_key(answer.feature), (answer, scope, {}))
            for option in answer.options:
                found = options.setdefault(_key(option.feature), _FeatureQuestions(option.feature))
                found.questions.add(option.answers, "global")

    def classifications(self) -> tuple[Classification, ...]:
        return tuple(
            Classification(
                name=_name(answer.feature),
                kind=answer.kind,
                instructions=_name(answer.feature),
                scope=scope,
                feature_schema_id=answer.feature.feature_schema_id,
                options=tuple(
                    Option(
                        value=found.feature.value or _name(found.feature),
                        label=_name(found.feature),
                        feature_schema_id=found.feature.feature_schema_id,
                        classifications=found.questions.classifications(),
                    )
                    for found in options.values()
                ),
            )
            for answer, scope, options in self._asked.values()
        )


@dataclass
class _FeatureQuestions:
    """A tool or an option, and the classifications below it."""

    feature: Feature
    questions: _Questions = field(default_factory=_Questions)


def _key(feature: Feature) -> tuple[str, str]:
    """Identify a feature by its schema id, or else by its name."""
    if feature.feature_schema_id is not None:
        return ("id", feature.feature_schema_id)
    return ("name", _name(feature))


def _name(feature: Feature) -> str:
    return feature.name or feature.value or feature.feature_schema_id or "unnamed"
