"""Ontologies as the ``normalized`` JSON that Labelbox takes, and when two of them are the same."""

from __future__ import annotations

import colorsys
from collections.abc import Mapping
from typing import Any

from deeplake_labelbox._model.ontology import Classification, Ontology


def normalized_of(ontology: Ontology) -> dict[str, Any]:
    """The ``normalized`` dict of an ontology, without the ids that Labelbox gives.

    Tools without a color get one each, as the SDK does it: Labelbox wants one.
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


def are_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two normalized dicts ask for the same things; ids and colors do not matter."""
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
    # Golden-ratio steps around the color circle keep neighbouring tools apart.
    parts = colorsys.hsv_to_rgb(number * 0.618034 % 1.0, 0.9, 1.0)
    return "#" + "".join(f"{round(part * 255):02x}" for part in parts)
