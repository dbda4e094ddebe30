"""A Deep Lake dataset of this package as a source: its label columns read back into tracks.

The dataset tells the ontology and group mapping that its labels were written by, and so which
column holds what. Its tools and classifications have the names of that ontology, whatever the
project asks that they are imported to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import deeplake
import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._formats.annotations import (
    Finding,
    KindOf,
    ObjectTrack,
    VideoAnnotations,
)
from deeplake_labelbox._formats.deep_lake.answers import ColumnAnswers, spans_of
from deeplake_labelbox._formats.deep_lake.cells import MaskCells, as_written
from deeplake_labelbox._model.annotations import ToolKind
from deeplake_labelbox._model.ontology import Tool
from deeplake_labelbox._store.annotators import annotated_kinds
from deeplake_labelbox._store.applied_labels import AppliedLabels
from deeplake_labelbox._store.cells import read_cells
from deeplake_labelbox._store.columns import (
    BASE_COLUMNS,
    AnswerColumn,
    GeometryColumn,
    column_names,
    read_class_names,
)
from deeplake_labelbox._store.labelbox_meta import VideoEntry
from deeplake_labelbox._store.layout import GroupMapping, Layout, make_layout
from deeplake_labelbox._store.location import dataset_errors
from deeplake_labelbox._store.row_index import RowIndex, VideoRows
from deeplake_labelbox._store.track_ids import read_tracks
from deeplake_labelbox._store.videos import read_meta
from deeplake_labelbox._video.resize import nearest_pixels
from deeplake_labelbox.errors import AnnotationSourceError, ConfigurationError


class DeepLakeSource:
    """A dataset that `VideoProjectConverter` wrote labels to.

    Args:
        dataset: The dataset, on any branch.
        left_out: Names of tools and classifications that are not imported.
        group_mapping: The group mapping that the labels were written with; the dataset knows it,
            so what is given is checked only.

    Raises:
        AnnotationSourceError: If no labels were applied to the dataset.
        ConfigurationError: If the labels were written with another group mapping.
        DatasetMismatchError: If the dataset was not made by this package.
    """

    def __init__(
        self,
        dataset: deeplake.Dataset,
        *,
        left_out: frozenset[str] = frozenset(),
        group_mapping: GroupMapping | None = None,
    ) -> None:
        self._dataset = dataset
        self._left_out = left_out
        self._track_ids: dict[str, dict[int, tuple[str, str]]] = {}
        self._meta = read_meta(dataset)
        applied = AppliedLabels.read(dataset)
        if applied is None:
            raise AnnotationSourceError(
                "No labels were applied to the dataset, so there is nothing to import; apply them "
                "first, with converter_for_video_project_with_id or `deeplake-labelbox annotate`."
            )
        others = set((group_mapping or {}).items()) - set(applied.group_mapping.items())
        if others:
            raise ConfigurationError(
                f"The labels of the dataset were written with group_mapping "
                f"{dict(applied.group_mapping)}, not with {dict(sorted(others))}; leave "
                f"group_mapping out."
            )
        self._kinds = annotated_kinds(dataset)
        self._layout = self._lay_out(applied)

    def __len__(self) -> int:
        return len(self._meta.videos)

    @property
    def names(self) -> frozenset[str]:
        """The tools and classifications of its labels, and its columns."""
        ontology = self._layout.ontology
        names = {tool.name for tool in ontology.tools}
        names |= {item.name for item in ontology.classifications}
        return frozenset(names | self._kinds.keys())

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

    def _lay_out(self, applied: AppliedLabels) -> Layout:
        reserved = {*BASE_COLUMNS}
        reserved.update(name for name, kind in self._kinds.items() if kind == "row metadata")
        reserved.update(name for name in column_names(self._dataset) if name not in self._kinds)
        return make_layout(
            applied.ontology,
            applied.group_mapping,
            reserved=reserved,
            class_names=lambda name: (
                read_class_names(self._dataset, name) if name in self._kinds else ()
            ),
        )

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
                frame_answers[classification.name] = spans
            findings.extend(map(Finding, answers.problems))
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
        for column, kind in self._kinds.items():
            if kind == "row metadata" and column.endswith("global_key"):
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
        answers = self._object_answers(column, rows, counts, findings)
        tracks = self._tracks_of(column)
        class_names = read_class_names(self._dataset, column.labels) if column.grouped else ()
        order = np.argsort(numbers, kind="stable")
        for members in np.split(order, np.flatnonzero(np.diff(numbers[order])) + 1):
            number = int(numbers[members[0]])
            name = (
                class_names[int(tools[members[0]])] if tools is not None else column.tools[0].name
            )
            # A group has the classes of tools, too, that the ontology no longer has.
            tool = next((tool for tool in column.tools if tool.name == name), None)
            yield ObjectTrack(
                track=tracks[number][1] if number in tracks else str(number),
                class_name=name,
                kind=column.kind,
                frames=rows.frames[row_of[members]],
                coordinates=_in_labelbox(
                    values(members, row_of[members], place[members]), column.kind, video
                ),
                answers=[{}] * len(members) if tool is None else answers(tool, members),
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
        self,
        column: GeometryColumn,
        rows: VideoRows,
        counts: NDArray[np.int64],
        findings: list[Finding],
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
            if id(tool) not in decoders:
                decoders[id(tool)] = ColumnAnswers(columns, tool, tool.classifications)
                findings.extend(map(Finding, decoders[id(tool)].problems))
            decoder = decoders[id(tool)]
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

    def _unknown_columns(self, rows: VideoRows) -> Iterator[Finding]:
        """Label columns that hold something, but that the ontology no longer has."""
        known = {column.name for column in self._layout.geometries}
        known |= {column.name for column in self._all_answers()}
        for name, kind in self._kinds.items():
            beside = kind in ("row metadata", "labels", "track_ids", "key_frames")
            if beside or name in known or name in self._left_out:
                continue
            if self._dataset[name][int(rows.rows[0])] is not None:
                yield Finding(
                    f"the column {name!r} ({kind}) is of no tool or classification in the "
                    f"ontology that the labels were written by; it is not imported"
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


def _one_row_per_frame(rows: VideoRows) -> VideoRows:
    _, first = np.unique(rows.frame_of_row, return_index=True)
    return VideoRows(rows.frames, rows.rows[first], rows.frame_of_row[first])


def _row_numbers(rows: VideoRows) -> NDArray[np.int64]:
    """The row of each frame."""
    return rows.rows[np.argsort(rows.frame_of_row)]
