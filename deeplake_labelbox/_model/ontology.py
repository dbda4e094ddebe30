"""The ontology of a project: tools, classifications and options.

The source is the ``normalized`` JSON of a Labelbox ontology; without one, the ontology is inferred
from the export.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from deeplake_labelbox._model.annotations import Feature
from deeplake_labelbox._model.json_values import as_text
from deeplake_labelbox.errors import OntologyError

Scope = Literal["index", "global"]


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a radio or checklist.

    Attributes:
        value: The option's key; class names in the dataset are these.
        label: Display text.
        feature_schema_id: Id in Labelbox.
        classifications: Classifications asked when the option is chosen.
    """

    value: str
    label: str
    feature_schema_id: str | None = None
    classifications: tuple[Classification, ...] = ()


@dataclass(frozen=True, slots=True)
class Classification:
    """A question: radio, checklist or text.

    Attributes:
        name: Name; also the name of its column.
        kind: ``"radio"``, ``"checklist"`` or ``"text"``; other kinds are kept, but not converted.
        instructions: Display text.
        scope: ``"index"`` is asked per frame, ``"global"`` once per video. Used only at the
            top of the ontology.
        feature_schema_id: Id in Labelbox.
        options: The options of a radio or checklist.
    """

    name: str
    kind: str
    instructions: str
    scope: Scope = "global"
    feature_schema_id: str | None = None
    options: tuple[Option, ...] = ()

    def option(self, feature: Feature) -> int | None:
        """Return the index of the option that ``feature`` refers to, or ``None``."""
        return _find(self.options, feature, lambda option: (option.value, option.label))


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that objects are drawn with.

    Attributes:
        name: Name; also the name of its column.
        kind: ``"rectangle"``, ``"point"``, ``"line"``, ``"polygon"``, ``"raster-segmentation"``;
            other kinds are kept, but not converted.
        feature_schema_id: Id in Labelbox.
        color: Display color, ``#rrggbb``, if any.
        classifications: Classifications asked for each object.
    """

    name: str
    kind: str
    feature_schema_id: str | None = None
    color: str | None = None
    classifications: tuple[Classification, ...] = ()


@dataclass(frozen=True, slots=True)
class Ontology:
    """Tools and classifications of a project.

    Attributes:
        tools: In the order of the ontology.
        classifications: Those at the top, frame and global ones, in the order of the ontology.

    Example:
        ```python
        import json
        from pathlib import Path

        ontology = Ontology.of(json.loads(Path("ontology.json").read_text()))
        print([tool.name for tool in ontology.tools])
        ```
    """

    tools: tuple[Tool, ...] = ()
    classifications: tuple[Classification, ...] = ()
    _found: dict[tuple[Feature, str | None], Tool | None] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @classmethod
    def of(cls, source: object) -> Ontology:
        """Read an ontology from a `labelbox.Ontology`, its ``normalized`` dict, or an `Ontology`.

        Raises:
            OntologyError: If ``source`` is none of these.
        """
        if isinstance(source, Ontology):
            return source
        normalized = getattr(source, "normalized", source)
        if not isinstance(normalized, Mapping):
            raise OntologyError(
                f"Expected a labelbox.Ontology or its normalized dict as the ontology, got "
                f"{type(source).__name__}."
            )
        return cls.from_normalized(normalized)

    @classmethod
    def from_normalized(cls, normalized: Mapping[str, Any]) -> Ontology:
        """Read the ``normalized`` JSON object of a Labelbox ontology.

        Raises:
            OntologyError: If a required field is missing.
        """
        try:
            return cls(
                tools=tuple(_tool(tool) for tool in normalized.get("tools") or ()),
                classifications=tuple(
                    _classification(item) for item in normalized.get("classifications") or ()
                ),
            )
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise OntologyError(
                f"The ontology's normalized JSON cannot be read ({error!r}): tools need 'name' and "
                f"'tool', classifications 'name' and 'type', options 'value'."
            ) from error

    def normalized(self) -> dict[str, Any]:
        """Return the JSON that `from_normalized` reads; other fields of Labelbox are left out."""
        return {
            "tools": [
                {
                    "name": tool.name,
                    "tool": tool.kind,
                    "featureSchemaId": tool.feature_schema_id,
                    "color": tool.color,
                    "classifications": list(map(_normalized, tool.classifications)),
                }
                for tool in self.tools
            ],
            "classifications": list(map(_normalized, self.classifications)),
        }

    def tool(self, feature: Feature, kind: str | None = None) -> Tool | None:
        """Return the tool that ``feature`` refers to, or ``None``.

        Args:
            feature: An annotation's reference to its tool.
            kind: The kind to prefer if two tools have the same name.
        """
        key = (feature, kind)
        if key not in self._found:
            tools = sorted(self.tools, key=lambda tool: tool.kind != kind)
            index = _find(tools, feature, lambda tool: (tool.name,))
            self._found[key] = None if index is None else tools[index]
        return self._found[key]

    def classification(self, feature: Feature) -> Classification | None:
        """Return the top-level classification that ``feature`` refers to, or ``None``."""
        index = find_classification(self.classifications, feature)
        return None if index is None else self.classifications[index]


def find_classification(
    classifications: tuple[Classification, ...], feature: Feature
) -> int | None:
    """Return the index of the classification that ``feature`` refers to, or ``None``."""
    return _find(classifications, feature, lambda item: (item.name, item.instructions))


def _find(items: Iterable[Any], feature: Feature, names_of: Any) -> int | None:
    """Find an item by schema id; if either side has no id, by name, or else by value."""
    by_name: int | None = None
    by_value: int | None = None
    for index, item in enumerate(items):
        if feature.feature_schema_id is not None and item.feature_schema_id is not None:
            if feature.feature_schema_id == item.feature_schema_id:
                return index
            continue
        names = names_of(item)
        if by_name is None and feature.name in names:
            by_name = index
        # Slugs are ambiguous: "A+" and "A-" have the same, as do any two Chinese characters.
        values = (*names, *map(slug, names)) if feature.name is None else names
        if by_value is None and feature.value in values:
            by_value = index
    return by_value if by_name is None else by_name


def slug(name: str) -> str:
    """Return Labelbox's ``value`` of a name: lower case, all but a-z and 0-9 replaced by ``_``."""
    return "".join(c if c.isascii() and c.isalnum() else "_" for c in name.lower())


def _tool(tool: Mapping[str, Any]) -> Tool:
    return Tool(
        name=_text(tool, "name"),
        kind=_text(tool, "tool"),
        feature_schema_id=as_text(tool.get("featureSchemaId")),
        color=as_text(tool.get("color")),
        classifications=tuple(_classification(c) for c in tool.get("classifications") or ()),
    )


def _classification(item: Mapping[str, Any]) -> Classification:
    name = _text(item, "name") if item.get("name") else _text(item, "instructions")
    return Classification(
        name=name,
        kind=_text(item, "type"),
        instructions=as_text(item.get("instructions")) or name,
        scope="index" if item.get("scope") == "index" else "global",
        feature_schema_id=as_text(item.get("featureSchemaId")),
        options=tuple(_option(option) for option in item.get("options") or ()),
    )


def _option(option: Mapping[str, Any]) -> Option:
    # Nested classifications live under "options" of an option in Labelbox's normalized form.
    return Option(
        value=_text(option, "value"),
        label=as_text(option.get("label")) or _text(option, "value"),
        feature_schema_id=as_text(option.get("featureSchemaId")),
        classifications=tuple(_classification(c) for c in option.get("options") or ()),
    )


def _normalized(classification: Classification) -> dict[str, Any]:
    return {
        "name": classification.name,
        "type": classification.kind,
        "instructions": classification.instructions,
        "scope": classification.scope,
        "featureSchemaId": classification.feature_schema_id,
        "options": [
            {
                "value": option.value,
                "label": option.label,
                "featureSchemaId": option.feature_schema_id,
                "options": list(map(_normalized, option.classifications)),
            }
            for option in classification.options
        ],
    }


def _text(item: Mapping[str, Any], key: str) -> str:
    text = as_text(item[key])
    if not text:
        raise ValueError(f"{key!r} is empty")
    return text


def walk_classifications(
    classifications: Iterable[Classification],
) -> Iterator[Classification]:
    """Yield the classifications and those nested below their options, depth first."""
    for classification in classifications:
        yield classification
        for option in classification.options:
            yield from walk_classifications(option.classifications)
