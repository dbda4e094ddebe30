"""Descriptions of the columns that annotations are written to.

A column has a name, a kind, and the place of its values in the ontology.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any

import deeplake

from deeplake_labelbox._model.annotations import Answer, AnswerKind, ToolKind
from deeplake_labelbox._model.kinds import CLASSIFICATIONS
from deeplake_labelbox._model.ontology import Classification, Tool, find_classification
from deeplake_labelbox._store.column_types import ANSWER_COLUMNS, COLUMN_TYPES, ColumnKind
from deeplake_labelbox.errors import DatasetMismatchError

ReadableDataset = deeplake.Dataset | deeplake.ReadOnlyDataset
"""An open dataset, or an earlier version of it."""

BASE_COLUMNS = ("frames", "frame_idx", "video_idx", "timestamp")
"""The columns of frames, unless a data filler creates others."""

# Key of the kind of a column that this package created, in the metadata of the column.
KIND_KEY = "labelbox_kind"

# Key of the identity of a column, which tells columns apart that two branches added under one name.
IDENTITY_KEY = "labelbox_column"

# Key of the display colors of the tools of a geometry column, as JSON.
COLORS_KEY = "class_colours"


@dataclass(frozen=True, slots=True)
class AnswerSource:
    """The place of a column's answers in the ontology.

    Attributes:
        tool: The tool above the classification, or ``None`` at the top of the ontology.
        path: The classifications above it, each with the index of the option on the path.
        classification: The classification.
        classes: Index of the class in the column, for each option.
    """

    tool: Tool | None
    path: tuple[tuple[Classification, int], ...]
    classification: Classification
    classes: tuple[int, ...] = ()

    def find(self, answers: tuple[Answer, ...]) -> Answer | None:
        """Find the answer to this classification among ``answers`` and their nested answers."""
        for classification, option_index in self.path:
            answer = _answer_to(classification, answers)
            if answer is None:
                return None
            answers = ()
            for option in answer.options:
                if classification.option(option.feature) == option_index:
                    answers = option.answers
        return _answer_to(self.classification, answers)


@dataclass(frozen=True, slots=True)
class AnswerColumn:
    """A column of answers.

    Attributes:
        name: Column name.
        kind: ``radio``, ``checklist`` or ``text``.
        sources: The classifications that share the column.
        class_names: Names of the classes; empty for text.
        multiple: Whether an object may have several answers at once.
    """

    name: str
    kind: AnswerKind
    sources: tuple[AnswerSource, ...]
    class_names: tuple[str, ...] = ()
    multiple: bool = False

    @property
    def has_options(self) -> bool:
        """Whether it holds options rather than texts."""
        return CLASSIFICATIONS[self.kind].has_options

    @property
    def frame_kind(self) -> ColumnKind:
        """Kind of the column if it holds the answers of whole frames."""
        return ANSWER_COLUMNS[self.kind][0]

    @property
    def object_kind(self) -> ColumnKind:
        """Kind of the column if it holds the answers of objects in a frame."""
        several = self.multiple and self.has_options
        return ANSWER_COLUMNS["checklist" if several else self.kind][1]


@dataclass(frozen=True, slots=True)
class GeometryColumn:
    """A column of geometries, one per object in the frame.

    Attributes:
        name: Column name.
        kind: Kind of its tools.
        tools: The tools that share it.
        grouped: Whether a group mapping shares it, so that it has class labels beside it.
        answers: The columns of answers per object, in the same order of objects.
    """

    name: str
    kind: ToolKind
    tools: tuple[Tool, ...]
    grouped: bool
    answers: tuple[AnswerColumn, ...] = ()

    @property
    def labels(self) -> str:
        """Name of the column of class labels."""
        return f"{self.name}_labels"

    @property
    def track_ids(self) -> str:
        """Name of the column of track ids."""
        return f"{self.name}_track_ids"

    @property
    def key_frames(self) -> str:
        """Name of the column of key frames: drawn (true) or interpolated."""
        return f"{self.name}_key_frames"


def ensure_column(dataset: deeplake.Dataset, name: str, kind: ColumnKind) -> None:
    """Add a column, or check that the existing column has the same kind.

    Raises:
        DatasetMismatchError: If a column of this name is of another kind.
    """
    if name not in column_names(dataset):
        add_column(dataset, name, COLUMN_TYPES[kind].make(), kind)
    elif (found := column_kind(dataset, name)) != kind:
        raise DatasetMismatchError(
            f"Column {name!r} holds {found or 'other data'}, but the project needs it for {kind}. "
            f"Rename the column, or write the labels to a branch or dataset without it."
        )


def add_column(dataset: deeplake.Dataset, name: str, data_type: Any, kind: str) -> None:
    """Add a column with its kind and identity."""
    dataset.add_column(name, data_type)
    dataset[name].metadata[KIND_KEY] = kind
    dataset[name].metadata[IDENTITY_KEY] = uuid.uuid4().hex


def column_names(dataset: ReadableDataset) -> list[str]:
    """Return the names of all columns."""
    return [column.name for column in dataset.schema.columns]


def has_identity_columns(dataset: ReadableDataset) -> bool:
    """Return whether rows have the numbers of their video and frame."""
    return {"video_idx", "frame_idx"} <= set(column_names(dataset))


def metadata_texts(dataset: ReadableDataset, column: str, prefix: str) -> dict[str, str]:
    """Return the texts in a column's metadata under a prefix, by the rest of their key."""
    metadata = dataset[column].metadata
    keys = [key for key in metadata.keys() if key.startswith(prefix)]  # noqa: SIM118 - no mapping
    return {key.removeprefix(prefix): str(metadata[key]) for key in keys}


def write_text(dataset: deeplake.Dataset, column: str, key: str, value: object) -> None:
    """Set a value in the metadata of a column as JSON text, if it changed."""
    metadata, text = dataset[column].metadata, json.dumps(value, sort_keys=True)
    if key not in metadata or metadata[key] != text:
        metadata[key] = text


def column_kind(dataset: ReadableDataset | deeplake.DatasetView, name: str) -> str | None:
    """Return the kind of a column that this package added, or ``None`` for any other column."""
    metadata = dataset[name].metadata
    return str(metadata[KIND_KEY]) if KIND_KEY in metadata else None


def column_identity(dataset: ReadableDataset, name: str) -> str | None:
    """Return the identity of a column, the same on all branches; ``None`` if it has none."""
    metadata = dataset[name].metadata
    return str(metadata[IDENTITY_KEY]) if IDENTITY_KEY in metadata else None


def read_class_names(dataset: ReadableDataset, name: str) -> tuple[str, ...]:
    """Return the ``class_names`` of a column; empty if it has none."""
    metadata = dataset[name].metadata
    return tuple(metadata["class_names"]) if "class_names" in metadata else ()


def write_class_names(dataset: deeplake.Dataset, name: str, class_names: tuple[str, ...]) -> None:
    """Set the ``class_names`` of a column, if they changed."""
    if class_names and read_class_names(dataset, name) != class_names:
        dataset[name].metadata["class_names"] = list(class_names)


def read_class_colors(dataset: ReadableDataset, name: str) -> dict[str, str]:
    """Return the display colors of a geometry column by tool name, from the ontology.

    A tool without a color has an empty text; a column without colors returns an empty dict.
    """
    metadata = dataset[name].metadata
    if COLORS_KEY not in metadata:
        return {}
    return {str(tool): str(color) for tool, color in json.loads(metadata[COLORS_KEY]).items()}


def write_class_colors(dataset: deeplake.Dataset, column: GeometryColumn) -> None:
    """Set the display colors of a geometry column, if they changed."""
    known = read_class_colors(dataset, column.name)
    colors = known | {tool.name: tool.color or "" for tool in column.tools}
    if colors != known:
        dataset[column.name].metadata[COLORS_KEY] = json.dumps(colors)


def _answer_to(classification: Classification, answers: tuple[Answer, ...]) -> Answer | None:
    for answer in answers:
        if find_classification((classification,), answer.feature) is not None:
            return answer
    return None
