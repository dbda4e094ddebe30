"""An ontology from the columns of a Deep Lake dataset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, cast, get_args

import deeplake

from deeplake_labelbox.dataset.columns import (
    column_kind,
    column_names,
    read_class_colours,
    read_class_names,
)
from deeplake_labelbox.errors import OntologyError
from deeplake_labelbox.project.annotations import ToolKind
from deeplake_labelbox.project.ontology import Classification, Ontology, Option, Tool

_TOOL_KINDS: Final = get_args(ToolKind)
_OBJECT_ANSWERS: Final[Mapping[str, str]] = {
    "object choice": "radio",
    "object choices": "checklist",
    "object text": "text",
}
_FRAME_ANSWERS: Final[Mapping[str, str]] = {"choices": "radio", "text": "text"}
# Columns of datasets that this package did not make, by what the name of their type begins with.
_FOREIGN_KINDS: Final[Mapping[str, str]] = {
    "kind=bbox": "rectangle",
    "point": "point",
    "polygon": "line",
    "kind=bmask": "raster-segmentation",
}


def infer_ontology(dataset: deeplake.Dataset) -> Ontology:
    """The ontology that a dataset's columns were, or could be, labelled with.

    A column of geometries is a tool; a shared one is a tool for each of its class names. Answers
    of objects become classifications of their tool, answers of frames classifications per frame.
    Columns do not tell radios from checklists of frames, nor frame from global classifications:
    a checklist is asked where some row holds several answers, and everything is asked per frame.
    Classifications below an option are asked where their column's name says so.

    Raises:
        OntologyError: No column holds geometries or answers.
    """
    kinds = {name: _kind(dataset, name) or "" for name in column_names(dataset)}
    tools: list[Tool] = []
    classifications: list[Classification] = []
    below: dict[str, list[Classification]] = {}
    for name, kind in kinds.items():
        if kind in _OBJECT_ANSWERS:
            parent = _parent(name, kinds)
            if parent is not None:
                below.setdefault(parent, []).append(
                    _classification(dataset, name, _OBJECT_ANSWERS[kind], _stem(parent))
                )
    for name, kind in kinds.items():
        if kind in _TOOL_KINDS:
            asked = _nested(below.get(name, []))
            colours = read_class_colours(dataset, name)
            tools += [
                Tool(tool, cast("ToolKind", kind), color=colours.get(tool) or None,
                     classifications=asked)
                for tool in _tool_names(dataset, name, kinds, colours)
            ]  # fmt: skip
        elif kind in _FRAME_ANSWERS:
            found = _classification(dataset, name, _FRAME_ANSWERS[kind], "")
            several = found.kind == "radio" and _has_several(dataset, name)
            classifications.append(
                replace(found, scope="index", kind="checklist" if several else found.kind)
            )
    if not tools and not classifications:
        raise OntologyError(
            "No column of the dataset holds geometries or answers, so no ontology can be inferred; "
            "pass lb_ontology as a labelbox.Ontology, its id or its normalized dict."
        )
    return Ontology(tuple(tools), _nested(classifications))


def _kind(dataset: deeplake.Dataset, name: str) -> str | None:
    known = column_kind(dataset, name)
    if known is not None:
        return known
    dtype = str(dataset.schema[name].dtype)
    for beginning, kind in _FOREIGN_KINDS.items():
        if dtype.startswith(beginning):
            return kind
    return None


def _tool_names(
    dataset: deeplake.Dataset, name: str, kinds: Mapping[str, Any], colours: Mapping[str, str]
) -> tuple[str, ...]:
    labels = f"{name}_labels"
    shared = read_class_names(dataset, labels) if labels in kinds else ()
    return shared or tuple(colours) or (name.rsplit("/", 1)[-1],)


def _parent(name: str, kinds: Mapping[str, str]) -> str | None:
    """The geometry column of a column of objects' answers: ``car/car`` of ``car/color``."""
    parts = name.split("/")
    for length in range(len(parts) - 1, 0, -1):
        stem = "/".join(parts[:length])
        for candidate in (f"{stem}/{parts[length - 1]}", stem):
            if kinds.get(candidate) in _TOOL_KINDS:
                return candidate
    return None


def _stem(parent: str) -> str:
    head, _, last = parent.rpartition("/")
    return f"{head}/" if head.rsplit("/", 1)[-1] == last else f"{parent}/"


def _classification(dataset: deeplake.Dataset, name: str, kind: str, stem: str) -> Classification:
    short = name.removeprefix(stem)
    options = () if kind == "text" else read_class_names(dataset, name)
    return Classification(
        name=short,
        kind=cast("Any", kind if kind == "text" or options else "text"),
        instructions=short.rsplit("/", 1)[-1],
        options=tuple(Option(value, value) for value in options),
    )


def _nested(found: list[Classification]) -> tuple[Classification, ...]:
    """Put ``color/red/shade`` below the option red of color, where these exist."""
    by_name = {each.name: each for each in found}
    top: list[str] = []
    for name in sorted(by_name, key=lambda name: -name.count("/")):
        parts = name.split("/")
        parent = by_name.get("/".join(parts[:-2])) if len(parts) > 2 else None
        if parent is None or parts[-2] not in [option.value for option in parent.options]:
            top.append(name)
            continue
        child = replace(by_name[name], name=parts[-1])
        by_name[parent.name] = replace(
            parent,
            options=tuple(
                replace(option, classifications=(*option.classifications, child))
                if option.value == parts[-2]
                else option
                for option in parent.options
            ),
        )
    return tuple(by_name[each.name] for each in found if each.name in top)


def _has_several(dataset: deeplake.Dataset, name: str) -> bool:
    # Answers do not change from row to row: looking at some rows is enough for most videos.
    step = max(len(dataset) // 1000, 1)
    answers: Any = dataset[name][0::step]
    return any(answer is not None and len(answer) > 1 for answer in answers)
