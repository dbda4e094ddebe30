"""Write ontologies as the ``normalized`` JSON of Labelbox, and compare them."""

from __future__ import annotations

import colorsys
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from deeplake_labelbox._model.ontology import Classification, Ontology

_IDS: Final = frozenset({"featureSchemaId", "schemaNodeId"})


def normalized_of(ontology: Ontology) -> dict[str, Any]:
    """Return the ``normalized`` dict of an ontology, without the ids that Labelbox assigns.

    Tools without a color get one, as in the SDK, because Labelbox requires it.
    """
    return {
        "tools": [
            {
                "tool": tool.kind,
                "name": tool.name,
                "required": False,
                "color": tool.color or _color(number),
                "classifications": [_classification(each) for each in tool.classifications],
            }
            for number, tool in enumerate(ontology.tools)
        ],
        "classifications": [
            {**_classification(each), "scope": each.scope} for each in ontology.classifications
        ],
    }


def completed(given: Mapping[str, Any]) -> dict[str, Any]:
    """Add required fields to a ``normalized`` dict, and drop its ids.

    The ids belong to another ontology. Only tools in the constraints of a relationship keep theirs:
    Labelbox replaces both together.

    Raises:
        OntologyError: It lacks a part that every ontology must have.
    """
    bare = normalized_of(Ontology.from_normalized(given))
    named = {
        schema_id
        for tool in given.get("tools") or ()
        for pair in (tool.get("definition") or {}).get("constraints") or ()
        for schema_id in pair
    }
    return {key: _completed(given.get(key) or (), bare[key], named) for key in bare}


def _completed(
    given: Sequence[Mapping[str, Any]], bare: Sequence[Mapping[str, Any]], named: Collection[str]
) -> list[dict[str, Any]]:
    features = []
    for wanted, needed in zip(given, bare, strict=True):
        has_id = wanted.get("featureSchemaId") in named
        feature = {key: value for key, value in wanted.items() if has_id or key not in _IDS}
        feature = {**needed, **{key: value for key, value in feature.items() if value is not None}}
        for key in ("classifications", "options"):
            if key in needed:
                feature[key] = _completed(wanted.get(key) or (), needed[key], ())
        features.append(feature)
    return features


def are_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two normalized dicts are equal except for ids and colors."""
    return _shape(one) == _shape(other)


def _shape(normalized: Mapping[str, Any]) -> dict[str, Any]:
    bare = normalized_of(Ontology.from_normalized(normalized))
    for tool in bare["tools"]:
        tool["color"] = None
    return bare


def _classification(classification: Classification) -> dict[str, Any]:
    return {
        "type": classification.kind,
        "name": classification.name,
        "instructions": classification.instructions,
        "required": False,
        "options": [
            {
                "value": option.value,
                "label": option.label,
                "options": [_classification(each) for each in option.classifications],
            }
            for option in classification.options
        ],
    }


def _color(number: int) -> str:
    # Golden-ratio steps around the color circle keep neighboring tools apart.
    parts = colorsys.hsv_to_rgb(number * 0.618034 % 1.0, 0.9, 1.0)
    return "#" + "".join(f"{round(part * 255):02x}" for part in parts)
