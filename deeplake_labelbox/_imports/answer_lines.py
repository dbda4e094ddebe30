"""Convert answers by name to the answers of Labelbox's import lines.

Lines refer to classifications and options by name, or by schema id where the name is ambiguous:
where siblings share a name, or the display text differs from it.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from deeplake_labelbox._formats.annotations import Answers, AnswerSpan, AnswerValue
from deeplake_labelbox._model.kinds import CLASSIFICATIONS
from deeplake_labelbox._model.ontology import Classification, Option, Tool

Report = Callable[[str], None]
"""Receives a sentence about an answer that cannot be imported."""


def find_named(
    items: Sequence[Classification], name: str, *, report: Report, where: str
) -> Classification | None:
    """Find a classification by its name or its display text."""
    for key in ("name", "instructions"):
        for item in items:
            if getattr(item, key) == name:
                if item.kind in CLASSIFICATIONS:
                    return item
                report(f"{name!r} of {where} is a {item.kind}, which cannot be imported to videos")
                return None
    report(f"{where} has no classification {name!r}{suggestion(name, [i.name for i in items])}")
    return None


def schema_reference(
    item: Classification | Tool, siblings: Sequence[Classification | Tool]
) -> dict[str, str]:
    """Refer to a tool or classification by its name, or by its id if the name is ambiguous."""
    unclear = sum(other.name == item.name for other in siblings) > 1
    if isinstance(item, Classification) and item.instructions not in ("", item.name):
        unclear = True  # Labelbox does not document which of the two it looks up
    if unclear and item.feature_schema_id:
        return {"schemaId": item.feature_schema_id}
    return {"name": item.name}


def answer_entries(
    answers: Answers,
    classifications: Sequence[Classification],
    *,
    report: Report,
    where: str,
    deep: bool,
) -> list[dict[str, Any]]:
    """Convert answers that hold as long as their object or parent answer.

    Args:
        answers: The answers.
        classifications: The classifications at this level.
        report: Called for each answer that cannot be imported.
        where: What the answers belong to, for messages.
        deep: Whether to include answers below an option; Labelbox drops those of objects.

    Returns:
        A list of ``{"name", "answer"}``.
    """
    entries = []
    for name, value in answers.items():
        item = find_named(classifications, name, report=report, where=where)
        parts = [] if item is None else list(_parts(item, value, report, where, deep=deep))
        if item is None or not parts:
            continue
        kind = CLASSIFICATIONS[item.kind]
        answer: Any = parts if kind.has_several else parts[0]
        if not kind.has_options:
            answer = answer["value"]
        entries.append({**schema_reference(item, classifications), "answer": answer})
    return entries


def answer_over_time(
    item: Classification, spans: Sequence[AnswerSpan], *, report: Report, where: str
) -> dict[str, Any] | list[dict[str, Any]] | None:
    """Convert the answers of a frame classification, each with its frames.

    Args:
        item: The classification.
        spans: Its answers over time, ascending, not overlapping.
        report: Called for each answer that cannot be imported.
        where: What the answers belong to, for messages.

    Returns:
        The ``answer`` of a line, or ``None`` if none can be imported.
    """
    ranges: dict[str, list[dict[str, int]]] = {}
    parts: dict[str, dict[str, Any]] = {}
    for span in spans:
        for part in _parts(item, span.answer, report, where, deep=True):
            key = json.dumps(part, sort_keys=True)
            parts[key] = part
            held = ranges.setdefault(key, [])
            if held and held[-1]["end"] + 1 == span.start:
                held[-1]["end"] = span.end
            else:
                held.append({"start": span.start, "end": span.end})
    answer = [{**part, "frames": ranges[key]} for key, part in parts.items()]
    if not answer:
        return None
    return answer[0] if CLASSIFICATIONS[item.kind].has_one and len(answer) == 1 else answer


def _parts(
    item: Classification, value: AnswerValue, report: Report, where: str, *, deep: bool
) -> Iterator[dict[str, Any]]:
    """Each chosen option as ``{"name", "classifications"}``, or a text as ``{"value"}``."""
    kind = CLASSIFICATIONS[item.kind]
    if not kind.has_options:
        if isinstance(value, str):
            yield {"value": value}
        else:
            options = ", ".join(map(repr, value))
            report(f"{item.name!r} of {where} is a text; it cannot be answered with {options}")
        return
    chosen = options_of(value)
    if kind.has_one and len(chosen) > 1:
        named = f"{item.name!r} of {where} is a {kind.name}"
        report(f"{named}; it cannot be answered with {list(chosen)}")
        return
    for name, below in chosen.items():
        option = find_option(item, name)
        if option is None:
            near = suggestion(name, [option.value for option in item.options])
            report(f"{item.name!r} of {where} has no option {name!r}{near}")
            continue
        part: dict[str, Any] = _option_reference(item, option)
        if below and not deep:
            report(
                f"answers below the option {name!r} of {item.name!r} of {where} are dropped: "
                f"in videos, Labelbox keeps no answers below an answer of an object"
            )
        elif below:
            nested = answer_entries(
                below,
                option.classifications,
                report=report,
                where=f"{name!r} of {where}",
                deep=True,
            )
            if nested:
                part["classifications"] = nested
        yield part


def options_of(value: AnswerValue) -> Mapping[str, Answers | None]:
    """Return the chosen options of an answer, each with the answers below it."""
    if isinstance(value, Mapping):
        return value
    return dict.fromkeys([value] if isinstance(value, str) else value)


def find_option(item: Classification, name: str) -> Option | None:
    """Find an option by its value or its label."""
    for key in ("value", "label"):
        for option in item.options:
            if getattr(option, key) == name:
                return option
    return None


def _option_reference(item: Classification, option: Option) -> dict[str, Any]:
    repeats = sum(option.value in (other.value, other.label) for other in item.options) > 1
    if option.feature_schema_id and (repeats or option.label != option.value):
        return {"schemaId": option.feature_schema_id}
    return {"name": option.value}


def suggestion(name: str, names: list[str]) -> str:
    """Suggest a known name for an unknown one, as the end of a sentence."""
    near = difflib.get_close_matches(name, names, n=1)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; it has {', '.join(map(repr, names))}" if names else "; it has none"
