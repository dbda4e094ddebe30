"""The label columns of a dataset, found from the columns themselves.

A geometry column and the columns of classes, track ids, key frames and answers beside it are one
family; so is a column of answers of frames. Columns record their own kind, so that families are
found with every group mapping, ontology and branch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast, get_args

from deeplake_labelbox._model.annotations import ToolKind
from deeplake_labelbox._model.kinds import CLASSIFICATIONS, GEOMETRIES
from deeplake_labelbox._store.annotators import annotated_kinds
from deeplake_labelbox._store.column_types import (
    ANSWER_KINDS,
    FrameAnswerKind,
    ObjectAnswerKind,
)
from deeplake_labelbox._store.columns import (
    ReadableDataset,
    read_class_colors,
    read_class_names,
)


@dataclass(frozen=True, slots=True)
class AnswerFamily:
    """A column of answers, of frames or of the objects in them.

    Attributes:
        column: Its name in the dataset.
        name: Its name without the annotator and, for answers of objects, without the tool.
        kind: ``choices`` (any number of options) and ``text`` hold the answers of a frame; ``object
            choice`` (one option or none), ``object choices`` and ``object text`` one answer per
            object.
        class_names: Names of the options; empty for texts.
        parent: ``name`` of the answers that it is nested below; ``None`` at the top.
    """

    column: str
    name: str
    kind: ObjectAnswerKind | FrameAnswerKind
    class_names: tuple[str, ...]
    parent: str | None = None

    @property
    def has_options(self) -> bool:
        """Whether it holds options rather than texts."""
        return CLASSIFICATIONS[ANSWER_KINDS[self.kind]].has_options

    @property
    def question(self) -> str:
        """Name of the classification: the last part of a nested column's name."""
        return self.name if self.parent is None else self.name.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class ObjectFamily:
    """A geometry column and the columns beside it.

    Attributes:
        column: Name of the geometry column in the dataset.
        name: Its name without the annotator.
        kind: Kind of its tools.
        class_names: Names of its tools; one name, unless a group mapping shares the column.
        labels: Name of the column of classes; ``None`` if all objects have one class.
        track_ids: Name of the column of track ids, or ``None``.
        key_frames: Name of the column of key frames (drawn or interpolated), or ``None``.
        answers: The columns of answers about its objects.
        colors: Display colors of the ontology by class name, if known.
    """

    column: str
    name: str
    kind: ToolKind
    class_names: tuple[str, ...]
    labels: str | None
    track_ids: str | None
    key_frames: str | None
    answers: tuple[AnswerFamily, ...]
    colors: Mapping[str, str]

    @property
    def always_set(self) -> str:
        """A column that has a value in every row of a labeled video; the cheapest to read."""
        return self.labels or self.track_ids or self.column


@dataclass(frozen=True, slots=True)
class Families:
    """The label columns of one annotator, or the shared ones.

    Attributes:
        objects: The families of objects, in the order of the columns.
        answers: The columns of frame and global classifications.
    """

    objects: tuple[ObjectFamily, ...]
    answers: tuple[AnswerFamily, ...]

    @classmethod
    def of(cls, dataset: ReadableDataset, annotator: str | None = None) -> Families:
        """Find the label columns of a dataset.

        Args:
            dataset: The dataset.
            annotator: Annotator whose columns are found (``label_selection="all"``); ``None`` for
                the shared columns.

        Raises:
            ConfigurationError: If the annotator has no columns.
        """
        kinds = annotated_kinds(dataset, annotator)
        above = "" if annotator is None else f"{annotator}/"
        geometries = [name for name, kind in kinds.items() if kind in GEOMETRIES]
        prefixes = {prefix: name for name in geometries if (prefix := tool_prefix(name))}
        of_frames = [name for name, kind in kinds.items() if kind in get_args(FrameAnswerKind)]
        below: dict[str, list[AnswerFamily]] = {}
        frame_answers = []
        for name, kind in kinds.items():
            class_names = read_class_names(dataset, above + name)
            if name in of_frames:
                parent = _longest_prefix(name, of_frames)
                family = AnswerFamily(
                    above + name, name, cast("FrameAnswerKind", kind), class_names, parent
                )
                frame_answers.append(family)
            elif kind in get_args(ObjectAnswerKind) and (tool := _longest_prefix(name, prefixes)):
                own = name.removeprefix(f"{tool}/")
                family = AnswerFamily(
                    above + name, own, cast("ObjectAnswerKind", kind), class_names
                )
                below.setdefault(prefixes[tool], []).append(family)
        objects = []
        for name in geometries:
            colors = read_class_colors(dataset, above + name)
            labels = f"{name}_labels" if f"{name}_labels" in kinds else None
            # A column has another name than its tool if that name was taken.
            tool_name = next(iter(colors), tool_prefix(name) or name)
            shared = read_class_names(dataset, above + labels) if labels else ()
            beside = {
                what: above + column if (column := f"{name}_{what}") in kinds else None
                for what in ("track_ids", "key_frames")
            }
            objects.append(
                ObjectFamily(
                    column=above + name,
                    name=name,
                    kind=cast("ToolKind", kinds[name]),
                    class_names=shared or (tool_name,),
                    labels=above + labels if labels else None,
                    answers=_nested(below.get(name, [])),
                    colors=colors,
                    **beside,
                )
            )
        return cls(tuple(objects), tuple(frame_answers))

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of all classes of objects, in the order of the columns, each once."""
        return tuple(dict.fromkeys(name for family in self.objects for name in family.class_names))


def tool_prefix(column: str) -> str | None:
    """Return ``car`` for ``car/car``: the start of the names of the answers about its objects."""
    half, rest = column[: len(column) // 2], column[len(column) // 2 :]
    return half if rest == f"/{half}" else None


def _nested(answers: list[AnswerFamily]) -> tuple[AnswerFamily, ...]:
    names = [answer.name for answer in answers]
    return tuple(replace(a, parent=_longest_prefix(a.name, names)) for a in answers)


def _longest_prefix(name: str, names: Mapping[str, str] | list[str]) -> str | None:
    return max((n for n in names if name.startswith(f"{n}/")), key=len, default=None)
