"""Complete the ``normalized`` dict of an ontology, and find features in it by name."""

from __future__ import annotations

import colorsys
import copy
from typing import TYPE_CHECKING, Any

from deeplake_labelbox.sandbox.errors import SandboxError

if TYPE_CHECKING:
    from deeplake_labelbox.sandbox.identifiers import Identifiers

TOOL_KINDS = {
    "rectangle",
    "point",
    "line",
    "raster-segmentation",
    "polygon",
    "superpixel",
    "named-entity",
    "edge",
    "marker",
    # Kinds of chat projects; they are stored but cannot be labeled here.
    "message-single-selection",
    "message-multi-selection",
    "message-ranking",
    "step-reasoning",
    "fact-checking",
    "prompt-issue",
}
CLASSIFICATION_KINDS = {"text", "checklist", "radio", "group"}


def complete(normalized: dict[str, Any], identifiers: Identifiers) -> dict[str, Any]:
    """Copy an ontology with the ids, colors and defaults that Labelbox fills in.

    Args:
        normalized: ``{"tools": […], "classifications": […]}``, ids and colors optional.
        identifiers: Source of new schema ids.

    Raises:
        SandboxError: A tool or classification has no name, or a kind that Labelbox does not have.
    """
    ontology = copy.deepcopy(normalized)
    tools = ontology.setdefault("tools", [])
    for number, tool in enumerate(tools):
        _require(tool, "name", "a tool of the ontology")
        if tool.get("tool") not in TOOL_KINDS:
            raise SandboxError(
                f"Tool '{tool['name']}' is of kind {tool.get('tool')!r}; "
                f"use one of {', '.join(sorted(TOOL_KINDS))}."
            )
        _fill(tool, identifiers)
        tool.setdefault("color", _color(number))
        tool["classifications"] = tool.get("classifications") or []
        for classification in tool["classifications"]:
            _complete_classification(classification, identifiers)
    for classification in ontology.setdefault("classifications", []):
        _complete_classification(classification, identifiers)
        classification.setdefault("scope", "global")
    return ontology


def features_of(normalized: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the tools and classifications of a complete ontology."""
    return [*normalized["tools"], *normalized["classifications"]]


def with_known_ids(normalized: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    """Copy an ontology; features with a name that is in ``known`` get its schema ids."""
    ontology = copy.deepcopy(normalized)
    for key, kind in (("tools", "tool"), ("classifications", "type")):
        _take_ids(ontology.get(key) or [], known.get(key) or [], ("name", kind))
    return ontology


def named(features: list[dict[str, Any]], name: str) -> dict[str, Any] | None:
    """Return the tool or classification with this name among ``features``."""
    return next((feature for feature in features if feature["name"] == name), None)


def option_named(classification: dict[str, Any], name: str) -> dict[str, Any] | None:
    """Return the option with this value or label."""
    options: list[dict[str, Any]] = classification["options"]
    found = (option for key in ("value", "label") for option in options if option[key] == name)
    return next(found, None)


def slug(name: str) -> str:
    """Return the ``value`` that exports write next to a feature's name."""
    return "".join(character if character.isalnum() else "_" for character in name.lower())


def _take_ids(
    features: list[dict[str, Any]], known: list[dict[str, Any]], keys: tuple[str, ...]
) -> None:
    for feature in features:
        schema_id = feature.get("featureSchemaId")
        for old in known:
            same_name = all(feature.get(key, feature.get("label")) == old[key] for key in keys)
            if schema_id == old["featureSchemaId"] or (not schema_id and same_name):
                feature["featureSchemaId"] = old["featureSchemaId"]
                feature["schemaNodeId"] = old["schemaNodeId"]
                _take_ids(
                    feature.get("classifications") or [],
                    old.get("classifications") or [],
                    ("name", "type"),
                )
                # The options of a classification, or the classifications below an option.
                below = ("value",) if "type" in old else ("name", "type")
                _take_ids(feature.get("options") or [], old.get("options") or [], below)
                break


def _complete_classification(classification: dict[str, Any], identifiers: Identifiers) -> None:
    if "name" not in classification and "instructions" in classification:
        classification["name"] = classification["instructions"]
    _require(classification, "name", "a classification of the ontology")
    name = classification["name"]
    if classification.get("type") not in CLASSIFICATION_KINDS:
        raise SandboxError(
            f"Classification '{name}' is of type {classification.get('type')!r}; "
            f"use one of {', '.join(sorted(CLASSIFICATION_KINDS))}."
        )
    _fill(classification, identifiers)
    classification.setdefault("instructions", name)
    classification["options"] = classification.get("options") or []
    if classification["type"] in ("radio", "checklist") and not classification["options"]:
        raise SandboxError(
            f"Classification '{name}' has no options; give it at least one, or make it a text."
        )
    for option in classification["options"]:
        if "value" not in option and "label" not in option:
            _require(option, "value", f"an option of classification '{name}'")
        option.setdefault("value", option.get("label"))
        option.setdefault("label", option["value"])
        _fill(option, identifiers, attributes=False)
        option["options"] = option.get("options") or []
        for nested in option["options"]:
            _complete_classification(nested, identifiers)


def _fill(feature: dict[str, Any], identifiers: Identifiers, *, attributes: bool = True) -> None:
    for key in ("schemaNodeId", "featureSchemaId"):
        if not feature.get(key):
            feature[key] = identifiers.new()
    if attributes:
        feature.setdefault("required", False)
        feature.setdefault("attributes", None)


def _require(feature: dict[str, Any], key: str, what: str) -> None:
    if not feature.get(key):
        raise SandboxError(f"{what[0].upper()}{what[1:]} has no '{key}', which is required.")


def _color(number: int) -> str:
    # Golden-ratio steps around the color circle keep neighboring tools apart.
    red, green, blue = colorsys.hsv_to_rgb(number * 0.618034 % 1.0, 0.9, 1.0)
    return f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"
