"""A Deep Lake dataset of this package as a source: its label columns read back into tracks.

Which column holds what is told by the layout that the project's ontology gives, the same that the
labels were written by.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import deeplake
import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox.dataset.columns import (
    AnswerColumn,
    GeometryColumn,
    column_kind,
    column_names,
    read_class_names,
)
from deeplake_labelbox.dataset.frames import BASE_COLUMNS
from deeplake_labelbox.dataset.labelbox_meta import LabelboxMeta, VideoEntry
from deeplake_labelbox.dataset.layout import TOOL_KINDS, GroupMapping, Layout, make_layout
from deeplake_labelbox.dataset.location import dataset_errors
from deeplake_labelbox.dataset.row_index import RowIndex, VideoRows
from deeplake_labelbox.dataset.track_ids import read_tracks
from deeplake_labelbox.ground_truth.annotations import (
    Finding,
    KindOf,
    ObjectTrack,
    VideoAnnotations,
)
from deeplake_labelbox.ground_truth.cells import MaskCells, as_written, read_cells
from deeplake_labelbox.ground_truth.column_answers import ColumnAnswers, spans_of
from deeplake_labelbox.project.annotations import ToolKind
from deeplake_labelbox.project.ontology import Ontology, Tool
from deeplake_labelbox.video.resize import nearest_pixels

_GROUPED_SUFFIX = "_labels"


class DeepLakeSource:
    """A dataset that `VideoProjectConverter` wrote labels to.

    Args:
        dataset: The dataset, on any branch.
        ontology: The ontology of the project that the labels go to.
        mapping: Tool or classification of the project by its name in the dataset, for those
            that are named otherwise there.
        group_mapping: The group mapping that the labels were written with. Groups of tools are
            found without it.

    Raises:
        DatasetMismatchError: If the dataset was not made by this package.
    """

    def __init__(
        self,
        dataset: deeplake.Dataset,
        ontology: Ontology,
        *,
        mapping: Mapping[str, str] | None = None,
        group_mapping: GroupMapping | None = None,
    ) -> None:
        self._dataset = dataset
        self._track_ids: dict[str, dict[int, tuple[str, str]]] = {}
        self._meta = LabelboxMeta.read(dataset)
        self._names = column_names(dataset)
        self._kinds = {name: column_kind(dataset, name) for name in self._names}
        self._left_out = {name for name, goal in (mapping or {}).items() if not goal}
        named = {goal: name for name, goal in (mapping or {}).items() if goal}
        self._goals = {name: goal for goal, name in named.items()}
        self._layout = self._lay_out(_renamed(ontology, named), group_mapping)

    def __len__(self) -> int:
        return len(self._meta.videos)

    def videos(self, kind_of: KindOf) -> Iterator[VideoAnnotations]:  # noqa: ARG002 - columns have one geometry
        """Yield the annotations of each video that has rows.

        Raises:
            DatasetError: If Deep Lake cannot read.
        """
        with dataset_errors("reading labels"):
            index = RowIndex(self._dataset, self._meta)
            for video in self._meta.videos:
                rows = index.rows_of(video)
                if len(rows.rows):
                    yield self._video(video, _one_row_per_frame(rows))

    def _lay_out(self, ontology: Ontology, group_mapping: GroupMapping | None) -> Layout:
        reserved = {*BASE_COLUMNS}
        reserved.update(n for n, kind in self._kinds.items() if kind in (None, "row metadata"))
        groups = {**self._groups(), **(group_mapping or {})}
        return make_layout(
            ontology,
            groups,
            reserved=reserved,
            class_names=lambda name: (
                read_class_names(self._dataset, name) if name in self._kinds else ()
            ),
        )

    def _groups(self) -> dict[str, str]:
        """The groups of tools: their columns have class labels beside them."""
        groups: dict[str, str] = {}
        for name, kind in self._kinds.items():
            if kind in TOOL_KINDS and f"{name}{_GROUPED_SUFFIX}" in self._kinds:
                groups[str(kind)] = name.rpartition("/")[2]
        return groups

    def _video(self, video: VideoEntry, rows: VideoRows) -> VideoAnnotations:
        findings: list[Finding] = []
        tracks: list[ObjectTrack] = []
        for column in self._layout.geometries:
            if self._kinds.get(column.name) == column.kind:
                tracks.extend(self._tracks(column, rows, video, findings))
        frame_answers = {}
        for classification in self._layout.ontology.classifications:
            columns = [
                column
                for column in self._layout.answers
                if column.name in self._kinds
                and any(
                    (s.path[0][0] if s.path else s.classification) is classification
                    for s in column.sources
                )
            ]
            answers = ColumnAnswers(columns, None, (classification,))
            cells = [self._cells(column.name, rows) for column in columns]
            per_frame = [
                answers.of(raw).get(classification.name)
                for raw in (zip(*cells, strict=True) if cells else ())
            ]
            if spans := spans_of(rows.frames, per_frame):
                frame_answers[self._goal(classification.name)] = spans
            findings.extend(Finding(what) for what in answers.problems)
        return VideoAnnotations(
            data_row=self._data_row(video, rows),
            tracks=tracks,
            frame_answers=frame_answers,
            known_frames=rows.frames,
            size=_size_in_labelbox(video),
            findings=(*self._unknown_columns(rows), *findings),
        )

    def _data_row(self, video: VideoEntry, rows: VideoRows) -> tuple[str, ...]:
        names = [video.data_row_id]
        for column in self._names:
            if self._kinds[column] == "row metadata" and column.endswith("global_key"):
                key = self._dataset[column][int(rows.rows[0])]
                names += [str(key)] if key else []
        return (*names, video.name)

    def _tracks(
        self,
        column: GeometryColumn,
        rows: VideoRows,
        video: VideoEntry,
        findings: list[Finding],
    ) -> Iterator[ObjectTrack]:
        ids = self._cells(column.track_ids, rows)
        counts = np.array([0 if cell is None else len(cell) for cell in ids])
        if not counts.sum():
            return
        numbers = np.concatenate([cell for cell in ids if cell is not None])
        row_of = np.repeat(np.arange(len(rows.frames)), counts)
        place = np.arange(len(numbers)) - np.repeat(np.cumsum(counts) - counts, counts)
        drawn = self._joined(column.key_frames, rows, counts)
        tools = self._joined(column.labels, rows, counts) if column.grouped else None
        values = self._values(column, rows, counts)
        answers = self._object_answers(column, rows, counts)
        tracks = self._tracks_of(column)
        class_names = read_class_names(self._dataset, column.labels) if column.grouped else ()
        order = np.argsort(numbers, kind="stable")
        for members in np.split(order, np.flatnonzero(np.diff(numbers[order])) + 1):
            number = int(numbers[members[0]])
            tool = column.tools[0]
            if tools is not None:
                name = class_names[int(tools[members[0]])]
                found = next((tool for tool in column.tools if tool.name == name), None)
                if found is None:
                    findings.append(
                        Finding(f"the project has no tool {name!r} for the column {column.name!r}")
                    )
                    continue
                tool = found
            yield ObjectTrack(
                track=tracks[number][1] if number in tracks else str(number),
                class_name=self._goal(tool.name),
                kind=column.kind,
                frames=rows.frames[row_of[members]],
                coordinates=_in_labelbox(
                    values(members, row_of[members], place[members]), column.kind, video
                ),
                answers=answers(tool, members),
                is_key_frame=None if drawn is None else drawn[members].astype(np.bool_),
            )

    def _values(
        self, column: GeometryColumn, rows: VideoRows, counts: NDArray[np.int64]
    ) -> Callable[..., Any]:
        """``f(members, rows, places)``: the coordinates of a track."""
        if column.kind == "raster-segmentation":
            row_numbers = _row_numbers(rows)
            cells = MaskCells(self._dataset, column.name)
            return lambda _, at, place: [
                partial(cells.pixels, int(row_numbers[r]), int(k))
                for r, k in zip(at, place, strict=True)
            ]
        cells_ = self._cells(column.name, rows)
        if column.kind in ("rectangle", "point"):
            coordinates = as_written(
                np.concatenate([c for c, n in zip(cells_, counts, strict=True) if n])
            )
            return lambda members, _, __: coordinates[members]
        shapes = [
            shape for cell, n in zip(cells_, counts, strict=True) if n for shape in list(cell)[:n]
        ]
        return lambda members, _, __: [as_written(np.asarray(shapes[i])) for i in members]

    def _object_answers(
        self, column: GeometryColumn, rows: VideoRows, counts: NDArray[np.int64]
    ) -> Callable[[Tool, NDArray[np.intp]], list[Mapping[str, Any]]]:
        columns = [answer for answer in column.answers if answer.name in self._kinds]
        if not columns:
            return lambda _, members: [{}] * len(members)
        values: list[list[Any]] = []
        for answer in columns:
            cells = self._cells(answer.name, rows)
            values.append(
                [value for cell, n in zip(cells, counts, strict=True) for value in list(cell)[:n]]
                if counts.sum()
                else []
            )
        decoders: dict[int, ColumnAnswers] = {}

        def of(tool: Tool, members: NDArray[np.intp]) -> list[Mapping[str, Any]]:
            decoder = decoders.setdefault(
                id(tool), ColumnAnswers(columns, tool, tool.classifications)
            )
            return [decoder.of(tuple(part[i] for part in values)) for i in members]

        return of

    def _joined(self, name: str, rows: VideoRows, counts: NDArray[np.int64]) -> NDArray[Any] | None:
        if name not in self._kinds:
            return None
        cells = self._cells(name, rows)
        return np.concatenate([c for c, n in zip(cells, counts, strict=True) if n])

    def _cells(self, name: str, rows: VideoRows) -> Sequence[Any]:
        return read_cells(self._dataset, name, _row_numbers(rows))

    def _tracks_of(self, column: GeometryColumn) -> Mapping[int, tuple[str, str]]:
        """Data row id and feature id by track id, read once for all videos."""
        name = column.track_ids
        if name not in self._track_ids:
            self._track_ids[name] = read_tracks(self._dataset, name)
        return self._track_ids[name]

    def _goal(self, name: str) -> str:
        return self._goals.get(name, name)

    def _unknown_columns(self, rows: VideoRows) -> Iterator[Finding]:
        """Label columns that hold something, but that the project's ontology has no place for."""
        known = {column.name for column in self._layout.geometries}
        known |= {column.name for column in self._all_answers()}
        for name, kind in self._kinds.items():
            beside = kind in (None, "row metadata", "labels", "track_ids", "key_frames")
            if beside or name in known or name in self._left_out:
                continue
            if self._dataset[name][int(rows.rows[0])] is not None:
                yield Finding(
                    f"the column {name!r} ({kind}) has no tool or classification in the project; "
                    f"name one with mapping, or give group_mapping"
                )

    def _all_answers(self) -> Iterator[AnswerColumn]:
        yield from self._layout.answers
        for column in self._layout.geometries:
            yield from column.answers


def _size_in_labelbox(video: VideoEntry) -> tuple[int, int] | None:
    width, height = video.source_width or video.width, video.source_height or video.height
    return (width, height) if width and height else None


def _in_labelbox(coordinates: Any, kind: ToolKind, video: VideoEntry) -> Any:
    """Coordinates in pixels of the video, where the dataset was made with ``resize``."""
    x, y = video.scale
    if (x, y) == (1.0, 1.0):
        return coordinates
    if kind == "raster-segmentation":
        return [partial(_full_size, mask, video) for mask in coordinates]
    if kind == "rectangle":
        return coordinates / (x, y, x, y)
    if kind == "point":
        return coordinates / (x, y)
    return [shape / (x, y) for shape in coordinates]


def _full_size(mask: Callable[[], NDArray[np.bool_]], video: VideoEntry) -> NDArray[np.bool_]:
    pixels = nearest_pixels(mask()[..., np.newaxis], video.source_height, video.source_width)
    return pixels[..., 0]


def _renamed(ontology: Ontology, named: Mapping[str, str]) -> Ontology:
    """The ontology with the names that tools and classifications have in the dataset."""
    if not named:
        return ontology
    return Ontology(
        tools=tuple(replace(tool, name=named.get(tool.name, tool.name)) for tool in ontology.tools),
        classifications=tuple(
            replace(item, name=named.get(item.name, item.name)) for item in ontology.classifications
        ),
    )


def _one_row_per_frame(rows: VideoRows) -> VideoRows:
    _, first = np.unique(rows.frame_of_row, return_index=True)
    return VideoRows(rows.frames, rows.rows[first], rows.frame_of_row[first])


def _row_numbers(rows: VideoRows) -> NDArray[np.int64]:
    """The row of each frame."""
    return rows.rows[np.argsort(rows.frame_of_row)]
