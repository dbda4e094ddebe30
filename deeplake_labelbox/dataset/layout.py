"""Ontology and group mapping to columns.

| ontology | column |
| --- | --- |
| tool ``car``, no classifications | ``car`` |
| tool ``car`` with classifications | ``car/car`` and ``car/<classification>`` |
| tools of a grouped kind | the group's name instead of the tool's, shared by all of them |
| frame or global classification ``weather`` | ``weather`` |
| nested deeper | ``<column>/<option>/<classification>`` |
"""

from __future__ import annotations

import difflib
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import cast, get_args

from deeplake_labelbox.dataset.columns import AnswerColumn, AnswerSource, GeometryColumn
from deeplake_labelbox.errors import GroupMappingError
from deeplake_labelbox.project.annotations import AnswerKind, Feature, ToolKind
from deeplake_labelbox.project.ontology import Classification, Ontology, Tool

logger = logging.getLogger(__name__)

TOOL_KINDS: tuple[str, ...] = get_args(ToolKind)
ANSWER_KINDS: tuple[str, ...] = get_args(AnswerKind)

GroupMapping = Mapping[str, str]
"""Column name by kind: all tools, or all classifications, of the kind share the column."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a project.

    Attributes:
        ontology: What the columns were made from.
        geometries: The columns of objects.
        answers: The columns of frame and global classifications.
        unsupported: Names of tools and classifications that have no column, with their kind.
    """

    ontology: Ontology
    geometries: tuple[GeometryColumn, ...]
    answers: tuple[AnswerColumn, ...]
    unsupported: tuple[str, ...]

    def geometry(self, feature: Feature, kind: ToolKind) -> tuple[GeometryColumn, Tool] | None:
        """The column that objects of a tool go to, and the tool; ``None`` if there is none."""
        tool = self.ontology.tool(feature, kind)
        if tool is None or tool.kind != kind:
            return None
        for column in self.geometries:
            if any(tool is member for member in column.tools):
                return column, tool
        return None


def check_group_mapping(group_mapping: GroupMapping | None) -> dict[str, str]:
    """Check the kinds and names of a group mapping.

    Raises:
        GroupMappingError: If a kind is unknown or a name is empty.
    """
    kinds = (*TOOL_KINDS, *ANSWER_KINDS)
    checked = dict(group_mapping or {})
    for kind, name in checked.items():
        if kind not in kinds:
            near = difflib.get_close_matches(str(kind), kinds, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise GroupMappingError(
                f"group_mapping has the unknown kind {kind!r}; the kinds are {', '.join(kinds)}."
                f"{hint}"
            )
        if not str(name or "").strip("/ "):
            raise GroupMappingError(
                f"group_mapping gives {kind!r} the name {name!r}; a column name is needed."
            )
    return checked


def make_layout(
    ontology: Ontology,
    group_mapping: GroupMapping | None = None,
    *,
    reserved: Iterable[str] = (),
    class_names: Callable[[str], tuple[str, ...]] = lambda _: (),
) -> Layout:
    """Lay an ontology out as columns.

    Args:
        ontology: The project's ontology.
        group_mapping: See `GroupMapping`.
        reserved: Column names that are taken by something else. A tool or classification of such
            a name gets its kind appended (``frames`` becomes ``frames_rectangle``).
        class_names: Tells the class names that a column has already; new ones come after them, so
            that a class keeps its number when the ontology grows.

    Returns:
        The layout.

    Raises:
        GroupMappingError: If the group mapping cannot be used.
    """
    return _LayoutBuilder(check_group_mapping(group_mapping), set(reserved), class_names).build(
        ontology
    )


class _LayoutBuilder:
    def __init__(
        self,
        group_mapping: Mapping[str, str],
        reserved: set[str],
        class_names: Callable[[str], tuple[str, ...]],
    ) -> None:
        self._groups = group_mapping
        self._taken = reserved
        self._class_names = class_names
        self._unsupported: list[str] = []

    def build(self, ontology: Ontology) -> Layout:
        shared: dict[str, list[Tool]] = {}
        for tool in ontology.tools:
            if tool.kind not in TOOL_KINDS:
                self._unsupported.append(f"tool {tool.name!r} ({tool.kind})")
                continue
            # A group is told apart from a tool of the same name by its kind.
            grouped = tool.kind in self._groups
            key = f"group/{tool.kind}" if grouped else f"tool/{tool.name}/{tool.kind}"
            shared.setdefault(key, []).append(tool)
        geometries = tuple(self._geometry(tools) for tools in shared.values())
        answers = self._answers("", None, ontology.classifications)
        return Layout(ontology, geometries, answers, tuple(self._unsupported))

    def _geometry(self, tools: list[Tool]) -> GeometryColumn:
        kind = cast("ToolKind", tools[0].kind)
        grouped = kind in self._groups
        prefix = self._groups.get(kind, tools[0].name)
        asked = any(tool.classifications for tool in tools)
        prefix = self._free(prefix, kind, beside=() if asked else ("_labels", "_track_ids"))
        column = GeometryColumn(
            name=f"{prefix}/{prefix}" if asked else prefix,
            kind=kind,
            tools=tuple(tools),
            grouped=grouped,
        )
        self._taken.update(
            {column.name, column.labels, column.track_ids, column.key_frames, prefix}
        )
        sources: dict[tuple[str, AnswerKind], list[AnswerSource]] = {}
        for tool in tools:
            self._collect(f"{prefix}/", tool, (), tool.classifications, sources)
        return replace(column, answers=self._columns(sources))

    def _answers(
        self, prefix: str, tool: Tool | None, classifications: tuple[Classification, ...]
    ) -> tuple[AnswerColumn, ...]:
        sources: dict[tuple[str, AnswerKind], list[AnswerSource]] = {}
        self._collect(prefix, tool, (), classifications, sources)
        return self._columns(sources)

    def _collect(
        self,
        prefix: str,
        tool: Tool | None,
        path: tuple[tuple[Classification, int], ...],
        classifications: tuple[Classification, ...],
        sources: dict[tuple[str, AnswerKind], list[AnswerSource]],
    ) -> None:
        """Gather what is asked, by column: itself, then what is nested below each option."""
        for classification in classifications:
            if classification.kind not in ANSWER_KINDS:
                self._unsupported.append(
                    f"classification {classification.name!r} ({classification.kind})"
                )
                continue
            kind = cast("AnswerKind", classification.kind)
            name = prefix + self._groups.get(kind, classification.name)
            sources.setdefault((name, kind), []).append(AnswerSource(tool, path, classification))
            for index, option in enumerate(classification.options):
                self._collect(
                    f"{name}/{option.value}/",
                    tool,
                    (*path, (classification, index)),
                    option.classifications,
                    sources,
                )

    def _columns(
        self, sources: Mapping[tuple[str, AnswerKind], list[AnswerSource]]
    ) -> tuple[AnswerColumn, ...]:
        columns = []
        for (wanted, kind), members in sources.items():
            name = self._free(wanted, kind)
            self._taken.add(name)
            questions = {member.classification.name for member in members}
            names = list(self._class_names(name))
            placed = []
            for member in members:
                # Different questions may share an option like "yes": the question tells them apart.
                values = [
                    f"{member.classification.name}/{option.value}"
                    if len(questions) > 1
                    else option.value
                    for option in member.classification.options
                ]
                names.extend(value for value in dict.fromkeys(values) if value not in names)
                placed.append(replace(member, classes=tuple(map(names.index, values))))
            columns.append(
                AnswerColumn(
                    name=name,
                    kind=kind,
                    sources=tuple(placed),
                    class_names=tuple(names),
                    multiple=kind == "checklist" or len(questions) > 1,
                )
            )
        return tuple(columns)

    def _free(self, wanted: str, kind: str, beside: tuple[str, ...] = ()) -> str:
        """A column name that nothing else has: the wanted one, else with its kind appended."""
        name, count = wanted, 1
        while name in self._taken or any(name + suffix in self._taken for suffix in beside):
            name = f"{wanted}_{kind}" if count == 1 else f"{wanted}_{kind}_{count}"
            count += 1
        if name != wanted:
            logger.warning("Column name %r is taken; the %s is written to %r.", wanted, kind, name)
        return name
