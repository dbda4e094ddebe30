"""Lay out the columns of an ontology and a group mapping.

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
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

import deeplake

from deeplake_labelbox._model.annotations import AnswerKind, Feature, ToolKind
from deeplake_labelbox._model.kinds import CLASSIFICATIONS, GEOMETRIES
from deeplake_labelbox._model.ontology import Ontology, Tool
from deeplake_labelbox._store.columns import (
    AnswerColumn,
    AnswerSource,
    GeometryColumn,
    ensure_column,
    write_class_colors,
    write_class_names,
)
from deeplake_labelbox._store.track_ids import TrackIds
from deeplake_labelbox.errors import GroupMappingError

GroupMapping = Mapping[str, str]
"""Column name by kind: all tools, or all classifications, of the kind share the column."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a project.

    Attributes:
        ontology: The ontology of the columns.
        geometries: The columns of objects.
        answers: The columns of frame and global classifications.
        unsupported: Names of tools and classifications that have no column, with their kind.
        renamed: A sentence for each column that could not have the name of its tool or
            classification.
    """

    ontology: Ontology
    geometries: tuple[GeometryColumn, ...]
    answers: tuple[AnswerColumn, ...]
    unsupported: tuple[str, ...]
    renamed: tuple[str, ...]

    def geometry(self, feature: Feature, kind: ToolKind) -> tuple[GeometryColumn, Tool] | None:
        """Find the column of a tool's objects, and the tool; ``None`` if there is none."""
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
    kinds = (*GEOMETRIES, *CLASSIFICATIONS)
    checked: dict[str, Any] = dict(group_mapping or {})
    for kind, name in checked.items():
        if kind not in kinds:
            near = difflib.get_close_matches(str(kind), kinds, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise GroupMappingError(
                f"`group_mapping` has the unknown kind {kind!r}; the kinds are {', '.join(kinds)}."
                f"{hint}"
            )
        if not isinstance(name, str) or not name or name != name.strip("/ "):
            raise GroupMappingError(
                f"`group_mapping` gives {kind!r} the name {name!r}; a column name is needed, "
                f"without slashes or spaces around it."
            )
    return checked


def make_layout(
    ontology: Ontology,
    group_mapping: GroupMapping | None = None,
    *,
    reserved: Iterable[str] = (),
    class_names: Callable[[str], tuple[str, ...]] = lambda _: (),
    prefix: str = "",
) -> Layout:
    """Lay out the columns of an ontology.

    Args:
        ontology: The project's ontology.
        group_mapping: See `GroupMapping`.
        reserved: Column names that are taken by something else. A tool or classification of such
            a name gets its kind appended (``frames`` becomes ``frames_rectangle``).
        class_names: Returns the class names that a column has already; new names are appended, so
            that a class keeps its number when the ontology grows.
        prefix: Prefix of all column names, for another set of columns.

    Returns:
        The layout.

    Raises:
        GroupMappingError: If the group mapping cannot be used.
    """
    layout = _LayoutBuilder(
        check_group_mapping(group_mapping),
        {name.removeprefix(prefix) for name in reserved if name.startswith(prefix)},
        lambda name: class_names(prefix + name),
    ).build(ontology)
    return layout if not prefix else _prefixed(layout, prefix)


def _prefixed(layout: Layout, prefix: str) -> Layout:
    def answers(columns: tuple[AnswerColumn, ...]) -> tuple[AnswerColumn, ...]:
        return tuple(replace(column, name=prefix + column.name) for column in columns)

    return replace(
        layout,
        geometries=tuple(
            replace(column, name=prefix + column.name, answers=answers(column.answers))
            for column in layout.geometries
        ),
        answers=answers(layout.answers),
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
        self._renamed: list[str] = []

    def build(self, ontology: Ontology) -> Layout:
        # The tools of a group share only their kind; otherwise they share their name as well.
        shared: dict[tuple[str, str | None], list[Tool]] = {}
        for tool in ontology.tools:
            if tool.kind not in GEOMETRIES:
                self._unsupported.append(f"tool {tool.name!r} ({tool.kind})")
                continue
            name = None if tool.kind in self._groups else tool.name
            shared.setdefault((tool.kind, name), []).append(tool)
        # Groups choose their names first, because the user requested them.
        made = {
            key: self._geometry(shared[key])
            for key in sorted(shared, key=lambda key: key[1] is not None)
        }
        answers = self._answers("", [AnswerSource(None, (), c) for c in ontology.classifications])
        return Layout(
            ontology,
            geometries=tuple(made[key] for key in shared),
            answers=tuple(answers),
            unsupported=tuple(self._unsupported),
            renamed=tuple(self._renamed),
        )

    def _geometry(self, tools: list[Tool]) -> GeometryColumn:
        kind = cast("ToolKind", tools[0].kind)
        asked = any(tool.classifications for tool in tools)

        def column_of(prefix: str) -> GeometryColumn:
            return GeometryColumn(
                name=f"{prefix}/{prefix}" if asked else prefix,
                kind=kind,
                tools=tuple(tools),
                grouped=kind in self._groups,
            )

        def names_of(prefix: str) -> set[str]:
            column = column_of(prefix)
            return {prefix, column.name, column.labels, column.track_ids, column.key_frames}

        prefix = self._claim(self._groups.get(kind, tools[0].name), kind, names_of)
        sources = [AnswerSource(tool, (), c) for tool in tools for c in tool.classifications]
        return replace(column_of(prefix), answers=tuple(self._answers(f"{prefix}/", sources)))

    def _answers(self, prefix: str, sources: Iterable[AnswerSource]) -> Iterator[AnswerColumn]:
        """The columns of classifications at one place, each followed by its nested columns."""
        shared: dict[tuple[str, AnswerKind], list[AnswerSource]] = {}
        for source in sources:
            kind = source.classification.kind
            name = source.classification.name
            if kind not in CLASSIFICATIONS:
                self._unsupported.append(f"classification {name!r} ({kind})")
                continue
            key = (self._groups.get(kind, name), cast("AnswerKind", kind))
            shared.setdefault(key, []).append(source)
        for (name, answer_kind), members in shared.items():
            column = self._column(prefix + name, answer_kind, members)
            yield column
            below: dict[str, list[AnswerSource]] = {}
            for source in members:
                for index, option in enumerate(source.classification.options):
                    path = (*source.path, (source.classification, index))
                    below.setdefault(option.value, []).extend(
                        AnswerSource(source.tool, path, nested) for nested in option.classifications
                    )
            for value, nested in below.items():
                yield from self._answers(f"{column.name}/{value}/", nested)

    def _column(self, wanted: str, kind: AnswerKind, members: list[AnswerSource]) -> AnswerColumn:
        name = self._claim(wanted, kind)
        questions = {member.classification.name for member in members}
        names = list(self._class_names(name))
        placed = []
        for member in members:
            # Different classifications may share an option like "yes"; their names differ.
            values = [
                f"{member.classification.name}/{option.value}"
                if len(questions) > 1
                else option.value
                for option in member.classification.options
            ]
            names.extend(value for value in dict.fromkeys(values) if value not in names)
            placed.append(replace(member, classes=tuple(map(names.index, values))))
        return AnswerColumn(
            name=name,
            kind=kind,
            sources=tuple(placed),
            class_names=tuple(names),
            multiple=CLASSIFICATIONS[kind].has_several
            or len(questions) > 1
            or len({id(member.tool) for member in members}) < len(members),
        )

    def _claim(
        self,
        wanted: str,
        kind: str,
        names_of: Callable[[str], set[str]] = lambda name: {name},
    ) -> str:
        """Reserve a free column name: the wanted name, or with its kind appended.

        Args:
            wanted: The name.
            kind: Kind of the tool or classification.
            names_of: Returns all column names that belong to a name.
        """
        name, count = wanted, 1
        while not self._taken.isdisjoint(names_of(name)):
            name = f"{wanted}_{kind}" if count == 1 else f"{wanted}_{kind}_{count}"
            count += 1
        if name != wanted:
            self._renamed.append(
                f"Column name {wanted!r} is taken; the {kind} is written to {name!r}."
            )
        self._taken |= names_of(name)
        return name


def ensure_label_columns(dataset: deeplake.Dataset, layout: Layout) -> None:
    """Add the missing columns of a layout."""
    for geometry in layout.geometries:
        ensure_column(dataset, geometry.name, geometry.kind)
        if geometry.grouped:
            ensure_column(dataset, geometry.labels, "labels")
        ensure_column(dataset, geometry.track_ids, "track_ids")
        ensure_column(dataset, geometry.key_frames, "key_frames")
        for answers in geometry.answers:
            ensure_column(dataset, answers.name, answers.object_kind)
    for answers in layout.answers:
        ensure_column(dataset, answers.name, answers.frame_kind)


def write_names(dataset: deeplake.Dataset, layout: Layout, track_ids: TrackIds) -> None:
    """Write class names and colors to the metadata of columns, which a rollback restores."""
    for geometry in layout.geometries:
        write_class_colors(dataset, geometry)
        if geometry.grouped:
            names = track_ids.class_names(geometry)
            write_class_names(dataset, geometry.labels, names)
        for answers in geometry.answers:
            write_class_names(dataset, answers.name, answers.class_names)
    for answers in layout.answers:
        write_class_names(dataset, answers.name, answers.class_names)
