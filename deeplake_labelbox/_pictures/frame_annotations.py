"""What a row of a dataset says, read from its columns alone.

The columns that the converter made tell their kind themselves, so that this works with every
group mapping, ontology and branch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast, get_args

import deeplake
import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._model.annotations import ToolKind
from deeplake_labelbox._store.annotators import annotated_kinds
from deeplake_labelbox._store.columns import (
    ReadableDataset,
    read_class_colors,
    read_class_names,
)
from deeplake_labelbox._store.videos import resized_videos

TOOL_KINDS: tuple[str, ...] = get_args(ToolKind)

_OBJECT_ANSWERS = ("object choice", "object choices", "object text")
_FRAME_ANSWERS = ("choices", "text")


@dataclass(frozen=True, slots=True)
class ShownAnswer:
    """An answer in words.

    Attributes:
        question: Name of the classification.
        answer: The options chosen, or the text.
    """

    question: str
    answer: str


@dataclass(frozen=True, slots=True, eq=False)
class ShownObject:
    """An object in a frame.

    Attributes:
        kind: Kind of its tool.
        class_name: Name of its tool.
        track_id: Its track id, or ``None`` if the dataset does not tell.
        is_key_frame: Whether it was drawn in this frame, and not interpolated.
        shape: ``rectangle``: (4,) left, top, width, height; ``point``: (2,); ``line`` and
            ``polygon``: (V, 2); ``raster-segmentation``: (H, W) bool. All in pixels of the frame.
        answers: What was answered about it.
    """

    kind: ToolKind
    class_name: str
    track_id: int | None
    is_key_frame: bool
    shape: NDArray[Any]
    answers: tuple[ShownAnswer, ...] = ()


@dataclass(frozen=True, slots=True)
class FrameAnnotations:
    """All that a row says.

    Attributes:
        is_labeled: Whether a label was applied to the video of the row.
        objects: The objects in the frame.
        answers: The answers that hold in the frame, nested ones within the answer above.
    """

    is_labeled: bool
    objects: tuple[ShownObject, ...] = ()
    answers: tuple[ShownAnswer, ...] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """A column that the converter made: its name, its kind and its classes."""

    name: str
    kind: str
    class_names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Geometry:
    """A column of objects, and which of the columns beside it there are."""

    name: str
    kind: ToolKind
    tool_name: str
    labels: Column | None
    has_track_ids: bool
    has_key_frames: bool
    answers: tuple[tuple[str, Column], ...]

    def class_name(self, label: int | None) -> str:
        """Name of the class of an object with a value of the column of labels, or without."""
        if self.labels is None or label is None:
            return self.tool_name
        return _name(self.labels.class_names, label)


class AnnotationReader:
    """Reads the annotations of rows.

    Args:
        dataset: A dataset or view; one without labels reads as not labeled.
        annotator: Whose labels are read, of a dataset with columns of each annotator; ``None`` for
            those that count.

    Raises:
        ConfigurationError: If the annotator has no columns.
    """

    def __init__(
        self, dataset: ReadableDataset | deeplake.DatasetView, annotator: str | None = None
    ) -> None:
        # A view has the columns and metadata of a dataset, and the same interface for reading.
        self._dataset = cast("deeplake.Dataset", dataset)
        self._above = "" if annotator is None else f"{annotator}/"
        columns = {
            name: Column(name, kind, read_class_names(self._dataset, self.stored(name)))
            for name, kind in annotated_kinds(self._dataset, annotator).items()
        }
        self._colors: dict[str, str] = {}
        self._geometries = self._find_geometries(columns)
        self._sizes = {
            entry.video_idx: (entry.width, entry.height) for entry in resized_videos(self._dataset)
        }
        self._answers = Questions([c for c in columns.values() if c.kind in _FRAME_ANSWERS])

    def stored(self, column: str) -> str:
        """The name that a column has in the dataset, where the annotator stands before it."""
        return f"{self._above}{column}"

    @property
    def geometries(self) -> tuple[Geometry, ...]:
        """The columns of objects."""
        return self._geometries

    @property
    def questions(self) -> Questions:
        """The columns of frame and global classifications."""
        return self._answers

    @property
    def has_labels(self) -> bool:
        """Whether labels were applied to the dataset at all."""
        return bool(self._geometries or self._answers.columns)

    @property
    def class_names(self) -> dict[str, str]:
        """The kind of each class of objects, by name, in the order of the columns."""
        return {
            name: geometry.kind
            for geometry in self._geometries
            for name in (geometry.labels.class_names if geometry.labels else (geometry.tool_name,))
        }

    @property
    def class_colors(self) -> Mapping[str, str]:
        """The colors of the ontology, by class name, as far as the dataset tells them."""
        return self._colors

    def read(self, row: int) -> FrameAnnotations:
        """The annotations of a row."""
        objects: list[ShownObject] = []
        is_labeled = False
        for geometry in self._geometries:
            shapes = self._value(geometry.name, row)
            if shapes is not None:
                is_labeled = True
                objects.extend(self._objects(geometry, shapes, row))
        values = {column.name: self._value(column.name, row) for column in self._answers.columns}
        is_labeled = is_labeled or any(value is not None for value in values.values())
        return FrameAnnotations(is_labeled, tuple(objects), tuple(self._answers.tell(values)))

    def labeled_size(self, row: int) -> tuple[int, int] | None:
        """Width and height that the picture of a row is labeled in, if others than its own.

        Labelbox shows all pictures of a video in the size of the first.
        """
        if not self._sizes:
            return None
        video: Any = self._dataset["video_idx"][row]
        return self._sizes.get(int(np.asarray(video).reshape(-1)[0]))

    def weight(self, row: int) -> int:
        """How much there is to see in a row: its objects and answers; -1 if not labeled."""
        count, is_labeled = 0, False
        for geometry in self._geometries:
            name = f"{geometry.name}_track_ids" if geometry.has_track_ids else geometry.name
            value = self._value(name, row)
            if value is not None:
                is_labeled = True
                count += len(value)
        values = {column.name: self._value(column.name, row) for column in self._answers.columns}
        is_labeled = is_labeled or any(value is not None for value in values.values())
        return count + len(list(self._answers.tell(values))) if is_labeled else -1

    def _value(self, column: str, row: int) -> Any:
        return self._dataset[self.stored(column)][row]

    def _find_geometries(self, columns: Mapping[str, Column]) -> tuple[Geometry, ...]:
        drawn = {name: column for name, column in columns.items() if column.kind in TOOL_KINDS}
        prefixes = {prefix: name for name in drawn if (prefix := _prefix(name)) is not None}
        answers: dict[str, list[tuple[str, Column]]] = {}
        for name, column in columns.items():
            above = [prefix for prefix in prefixes if name.startswith(f"{prefix}/")]
            if column.kind in _OBJECT_ANSWERS and above:
                prefix = max(above, key=len)
                found = answers.setdefault(prefixes[prefix], [])
                found.append((name.removeprefix(f"{prefix}/"), column))
        geometries = []
        for name, column in drawn.items():
            colors = read_class_colors(self._dataset, self.stored(name))
            self._colors.update(colors)
            labels = columns.get(f"{name}_labels")
            # The column of a tool may have another name than the tool, where that was taken.
            tool_name = next(iter(colors), _prefix(name) or name)
            geometries.append(
                Geometry(
                    name=name,
                    kind=cast("ToolKind", column.kind),
                    tool_name=tool_name,
                    labels=labels,
                    has_track_ids=f"{name}_track_ids" in columns,
                    has_key_frames=f"{name}_key_frames" in columns,
                    answers=tuple(answers.get(name, ())),
                )
            )
        return tuple(geometries)

    def _objects(self, geometry: Geometry, shapes: Any, row: int) -> Iterator[ShownObject]:
        if geometry.kind == "raster-segmentation":
            shapes = np.moveaxis(np.asarray(shapes, dtype=bool), -1, 0)
        count = len(shapes)

        def beside(column: str | None) -> Sequence[Any]:
            value = None if column is None else self._value(column, row)
            # Deep Lake holds no empty list of texts: no object reads as one empty text.
            return [None] * count if value is None or len(value) != count else value

        labels = beside(geometry.labels.name if geometry.labels else None)
        track_ids = beside(f"{geometry.name}_track_ids" if geometry.has_track_ids else None)
        key_frames = beside(f"{geometry.name}_key_frames" if geometry.has_key_frames else None)
        answers = [(name, column, beside(column.name)) for name, column in geometry.answers]
        for index in range(count):
            told = (
                ShownAnswer(name, _object_answer(column, values[index]))
                for name, column, values in answers
            )
            yield ShownObject(
                kind=geometry.kind,
                class_name=geometry.class_name(
                    None if labels[index] is None else int(labels[index])
                ),
                track_id=None if track_ids[index] is None else int(track_ids[index]),
                is_key_frame=bool(key_frames[index]),
                shape=np.asarray(shapes[index]),
                answers=tuple(answer for answer in told if answer.answer),
            )


class Questions:
    """The columns of frame and global classifications, nested ones below their parents."""

    def __init__(self, columns: list[Column]) -> None:
        self.columns = columns
        self._below: dict[str | None, list[tuple[str, Column]]] = {}
        for column in columns:
            parents = [c.name for c in columns if column.name.startswith(f"{c.name}/")]
            parent = max(parents, key=len, default=None)
            name = column.name if parent is None else column.name.rpartition("/")[2]
            self._below.setdefault(parent, []).append((name, column))

    @property
    def names(self) -> list[str]:
        """The questions that are not nested below another, in the order of the columns."""
        return [name for name, _ in self._below.get(None, ())]

    def tell(self, values: Mapping[str, Any]) -> Iterator[ShownAnswer]:
        """The answers in words, the nested ones in brackets behind the one above."""
        for name, column in self._below.get(None, ()):
            answer = self._answer(column, values)
            if answer:
                yield ShownAnswer(name, answer)

    def _answer(self, column: Column, values: Mapping[str, Any]) -> str:
        value = values[column.name]
        if value is None:
            answer = ""
        elif column.kind == "text":
            answer = str(value)
        else:
            answer = ", ".join(_name(column.class_names, int(index)) for index in value)
        nested = [
            f"{name}: {below}"
            for name, child in self._below.get(column.name, ())
            if (below := self._answer(child, values))
        ]
        return " ".join([answer, f"({', '.join(nested)})"]) if nested else answer


def _object_answer(column: Column, value: Any) -> str:
    if value is None:
        return ""
    if column.kind == "object text":
        return str(value)
    if column.kind == "object choice":
        return "" if int(value) < 0 else _name(column.class_names, int(value))
    return ", ".join(_name(column.class_names, int(i)) for i in np.flatnonzero(value))


def _name(class_names: tuple[str, ...], index: int) -> str:
    return class_names[index] if 0 <= index < len(class_names) else f"class {index}"


def _prefix(column: str) -> str | None:
    """``car`` of ``car/car``: the name that the answers of the tool begin with."""
    half, rest = column[: len(column) // 2], column[len(column) // 2 :]
    return half if rest == f"/{half}" else None
