"""Convert the values of answer columns back to answers by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._formats.annotations import AnswerSpan, AnswerValue
from deeplake_labelbox._model.kinds import CLASSIFICATIONS
from deeplake_labelbox._model.ontology import Classification, Tool
from deeplake_labelbox._store.answers import Answers as ColumnValues
from deeplake_labelbox._store.columns import AnswerColumn, AnswerSource

ColumnValue = str | tuple[int, ...]
"""A text, or the numbers of the chosen options."""


class ColumnAnswers:
    """Reads the answers of several columns about one object or one frame.

    Args:
        columns: The columns.
        tool: The tool of the objects, or ``None`` for the columns of frames.
        classifications: Classifications of the tool, or at the top of the ontology.

    Attributes:
        problems: What the columns leave ambiguous.
    """

    def __init__(
        self,
        columns: Sequence[AnswerColumn],
        tool: Tool | None,
        classifications: tuple[Classification, ...],
    ) -> None:
        self._classifications = classifications
        self._sources: list[list[AnswerSource]] = []
        self._known: dict[tuple[Any, ...], Mapping[str, AnswerValue]] = {}
        self.problems: list[str] = []
        for column in columns:
            sources = [source for source in column.sources if source.tool is tool]
            if not column.has_options and len(sources) > 1:
                names = ", ".join(repr(source.classification.name) for source in sources)
                self.problems.append(
                    f"the column {column.name!r} joins the texts of {names}, which cannot be "
                    f"separated"
                )
                sources = []
            self._sources.append(sources)

    def of(self, values: Sequence[ColumnValue]) -> Mapping[str, AnswerValue]:
        """Return the answers for the values of the columns, in column order."""
        key = tuple(values)
        if key not in self._known:
            chosen: dict[int, Any] = {}
            for sources, value in zip(self._sources, key, strict=True):
                for source in sources:
                    if not CLASSIFICATIONS[source.classification.kind].has_options:
                        chosen[id(source.classification)] = value or None
                    elif isinstance(value, tuple):
                        chosen[id(source.classification)] = [
                            index for index, number in enumerate(source.classes) if number in value
                        ]
            self._known[key] = _tree(self._classifications, chosen)
        return self._known[key]


def values_of(answers: ColumnValues) -> list[ColumnValue]:
    """Return the values of a column for each frame or object."""
    if not answers.family.has_options:
        return list(answers.words)
    return [tuple(options.tolist()) for options in answers.options]


def spans_of(frames: NDArray[np.int64], answers: Iterable[AnswerValue | None]) -> list[AnswerSpan]:
    """Join equal answers on consecutive known frames, ascending."""
    spans: list[AnswerSpan] = []
    previous: AnswerValue | None = None
    for frame, answer in zip(frames.tolist(), answers, strict=False):
        if answer is not None:
            if spans and answer == previous:
                spans[-1] = AnswerSpan(spans[-1].start, frame, answer)
            else:
                spans.append(AnswerSpan(frame, frame, answer))
        previous = answer
    return spans


def _tree(
    classifications: tuple[Classification, ...], chosen: Mapping[int, Any]
) -> dict[str, AnswerValue]:
    answers: dict[str, AnswerValue] = {}
    for classification in classifications:
        found = chosen.get(id(classification))
        if not found:
            continue
        kind = CLASSIFICATIONS[classification.kind]
        if not kind.has_options:
            answers[classification.name] = found
            continue
        options = [classification.options[index] for index in found]
        below = {option.value: _tree(option.classifications, chosen) for option in options}
        if any(below.values()):
            answers[classification.name] = {value: tree or None for value, tree in below.items()}
        elif kind.has_one:
            # Not a plain string, which a text classification of the same name would accept.
            answers[classification.name] = {options[0].value: None}
        else:
            answers[classification.name] = [option.value for option in options]
    return answers
