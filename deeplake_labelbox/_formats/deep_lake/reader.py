"""Read a Deep Lake dataset of this package: convert its label columns back to tracks.

The dataset stores the ontology and group mapping that its labels were written with, which determine
the content of each column. Tools and classifications keep the names of that ontology, whatever
project they are imported into.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._formats.annotations import (
    AnnotationSource,
    KindOf,
    ObjectTrack,
    SourceFinding,
    VideoAnnotations,
)
from deeplake_labelbox._formats.deep_lake.answers import ColumnAnswers, spans_of, values_of
from deeplake_labelbox._formats.deep_lake.cells import MaskCells, as_written, scaled_mask
from deeplake_labelbox._formats.deep_lake.mapped_columns import MappedColumnsSource
from deeplake_labelbox._formats.registry import accepted_sources
from deeplake_labelbox._formats.sources import ReadOptions
from deeplake_labelbox._model.annotations import ToolKind
from deeplake_labelbox._model.kinds import GEOMETRIES
from deeplake_labelbox._model.ontology import Ontology, Tool
from deeplake_labelbox._store.annotators import annotated_kinds
from deeplake_labelbox._store.applied_labels import AppliedLabels
from deeplake_labelbox._store.columns import (
    BASE_COLUMNS,
    AnswerColumn,
    GeometryColumn,
    column_names,
)
from deeplake_labelbox._store.labelbox_meta import KEY
from deeplake_labelbox._store.labeled_dataset import DatasetLike, LabeledDataset
from deeplake_labelbox._store.layout import GroupMapping, Layout, make_layout
from deeplake_labelbox._store.location import DatasetLocation, dataset_errors
from deeplake_labelbox._store.objects import FamilyObjects
from deeplake_labelbox._store.row_index import RowIndex
from deeplake_labelbox._store.track_ids import read_tracks
from deeplake_labelbox._store.videos import Video, read_meta
from deeplake_labelbox.errors import AnnotationSourceError, ConfigurationError, DatasetNotFoundError


def open_dataset(source: DatasetLike, options: ReadOptions) -> AnnotationSource:
    """Open a dataset given by path, or use an open one; see `Read`.

    Raises:
        AnnotationSourceError: If there is none, or this package did not make it and no column is
            mapped.
        DatasetError: If it cannot be opened.
    """
    if isinstance(source, str):
        at = DatasetLocation.of(source, options.creds, token=options.token)
        try:
            source = at.open_to_read()
        except DatasetNotFoundError as error:
            raise AnnotationSourceError(
                f"There is no Deep Lake dataset at {at}; pass {accepted_sources()}, or pass "
                f"`source_format`."
            ) from error
    labels = LabeledDataset.of(source)
    dataset = labels.dataset
    if labels.is_view:
        read_meta(dataset)  # raises for a view, and says what to pass
    if KEY in dataset.metadata or AppliedLabels.read(dataset) is not None:
        left_out = frozenset(name for name, mapped in options.mapping.items() if not mapped)
        return DeepLakeSource(labels, left_out=left_out, group_mapping=options.group_mapping)
    if not options.mapping:
        raise AnnotationSourceError(
            "The dataset was not made by this package; map its columns to tools and "
            "classifications with `mapping={'COLUMN': NAME}`."
        )
    return MappedColumnsSource(labels, options.mapping)


class DeepLakeSource:
    """A dataset that `VideoProjectConverter` wrote labels to.

    Args:
        dataset: The dataset, on any branch; a `LabeledDataset` gives the labels of its annotator.
        left_out: Names of tools and classifications that are not imported.
        group_mapping: The group mapping that the labels were written with; the dataset stores it,
            so a given one is only checked.

    Raises:
        AnnotationSourceError: If no labels were applied to the dataset.
        ConfigurationError: If the labels were written with another group mapping.
        DatasetMismatchError: If the dataset was not made by this package, or its rows do not have
            their video.
    """

    def __init__(
        self,
        dataset: DatasetLike,
        *,
        left_out: frozenset[str] = frozenset(),
        group_mapping: GroupMapping | None = None,
    ) -> None:
        self._labels = LabeledDataset.of(dataset)
        self._left_out = left_out
        self._track_ids: dict[str, dict[int, tuple[str, str]]] = {}
        RowIndex(self._labels.dataset, read_meta(self._labels.dataset))  # checks the rows
        applied = AppliedLabels.read(self._labels.dataset)
        if applied is None:
            raise AnnotationSourceError(
                "No labels were applied to the dataset, so there is nothing to import; apply them "
                "first, with converter_for_video_project_with_id or `deeplake-labelbox annotate`."
            )
        others = set((group_mapping or {}).items()) - set(applied.group_mapping.items())
        if others:
            raise ConfigurationError(
                f"The labels of the dataset were written with "
                f"`group_mapping={dict(applied.group_mapping)}`, not with "
                f"`group_mapping={dict(sorted(others))}`; leave `group_mapping` out."
            )
        self._families = {family.name: family for family in self._labels.families.objects}
        # The layout's columns have no annotator prefix.
        self._prefix = "" if self._labels.annotator is None else f"{self._labels.annotator}/"
        self._kinds = annotated_kinds(self._labels.dataset, self._labels.annotator)
        self._layout = self._lay_out(applied)

    def __len__(self) -> int:
        return len(self._labels.videos)

    @property
    def ontology(self) -> Ontology:
        """The ontology that the labels were written with."""
        return self._layout.ontology

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
            for video in self._labels.videos:
                yield self._video(video)

    def _lay_out(self, applied: AppliedLabels) -> Layout:
        reserved = {*BASE_COLUMNS}
        reserved.update(name for name, kind in self._kinds.items() if kind == "row metadata")
        names = column_names(self._labels.dataset)
        reserved.update(name for name in names if name not in self._kinds)
        known: dict[str, tuple[str, ...]] = {}
        for family in self._labels.families.objects:
            known[f"{family.name}_labels"] = family.class_names if family.labels else ()
            for answer in family.answers:
                known[answer.column.removeprefix(self._prefix)] = answer.class_names
        known |= {family.name: family.class_names for family in self._labels.families.answers}
        return make_layout(
            applied.ontology,
            applied.group_mapping,
            reserved=reserved,
            class_names=lambda name: known.get(name, ()),
        )

    def _video(self, video: Video) -> VideoAnnotations:
        findings: list[SourceFinding] = []
        tracks: list[ObjectTrack] = []
        for column in self._layout.geometries:
            if self._kinds.get(column.name) == column.kind:
                tracks.extend(self._tracks(column, video, findings))
        return VideoAnnotations(
            data_row=self._data_row(video),
            tracks=tracks,
            frame_answers=self._frame_answers(video, findings),
            known_frames=video.frames,
            size=labeled_size(video),
            findings=(*self._unknown_columns(video), *findings),
            is_labeled=any(
                FamilyObjects(family, video.rows[:1], self._labels.cells).labeled.any()
                for family in self._families.values()
            ),
        )

    def _data_row(self, video: Video) -> tuple[str, ...]:
        names = [video.data_row_id]
        for column, kind in self._kinds.items():
            if kind == "row metadata" and column.endswith("global_key"):
                (key,) = self._labels.cells(column, video.rows[:1])
                names += [str(key)] if key else []
        return (*names, video.name)

    def _frame_answers(self, video: Video, findings: list[SourceFinding]) -> dict[str, Any]:
        values = {name: values_of(answers) for name, answers in self._labels.answers(video).items()}
        spans = {}
        for classification in self._layout.ontology.classifications:
            columns = [
                column
                for column in self._layout.answers
                if column.name in values
                and any(
                    (s.path[0][0] if s.path else s.classification) is classification
                    for s in column.sources
                )
            ]
            answers = ColumnAnswers(columns, None, (classification,))
            per_column = [values[column.name] for column in columns]
            per_frame = [
                answers.of(cells).get(classification.name)
                for cells in (zip(*per_column, strict=True) if per_column else ())
            ]
            if found := spans_of(video.frames, per_frame):
                spans[classification.name] = found
            findings.extend(map(SourceFinding, answers.problems))
        return spans

    def _tracks(
        self, column: GeometryColumn, video: Video, findings: list[SourceFinding]
    ) -> Iterator[ObjectTrack]:
        family = self._families[column.name]
        objects = FamilyObjects(family, video.rows, self._labels.cells)
        if not len(objects):
            return
        drawn = None if family.key_frames is None else objects.key_frames
        values = self._coordinates(objects)
        answers = _ObjectAnswers(column, objects, self._prefix, findings)
        tracks = self._tracks_of(family.track_ids)
        numbers = objects.track_ids
        order = np.argsort(numbers, kind="stable")
        for members in np.split(order, np.flatnonzero(np.diff(numbers[order])) + 1):
            number = int(numbers[members[0]])
            name = objects.class_name(members[0]) if column.grouped else column.tools[0].name
            # A group may also have classes of tools that the ontology no longer has.
            tool = next((tool for tool in column.tools if tool.name == name), None)
            yield ObjectTrack(
                track=tracks[number][1] if number in tracks else str(number),
                class_name=name,
                kind=column.kind,
                frames=video.frames[objects.places[members]],
                coordinates=_in_labelbox(values(members), column.kind, video),
                answers=[{}] * len(members) if tool is None else answers.of(tool, members),
                is_key_frame=None if drawn is None else drawn[members],
            )

    def _coordinates(self, objects: FamilyObjects) -> Callable[[NDArray[np.intp]], Any]:
        """Return a function from the members of a track to its coordinates."""
        family = objects.family
        if GEOMETRIES[family.kind].is_mask:
            masks = MaskCells(self._labels, family.column)
            return lambda members: [
                masks.source(int(row), int(channel))
                for row, channel in zip(
                    objects.rows[members], objects.channels[members], strict=True
                )
            ]
        shapes = objects.shapes
        if isinstance(shapes, np.ndarray):
            coordinates = as_written(shapes)
            return lambda members: coordinates[members]
        return lambda members: [as_written(shapes[i]) for i in members]

    def _tracks_of(self, column: str | None) -> Mapping[int, tuple[str, str]]:
        """Return data row id and feature id by track id, read once for all videos."""
        if column is None:
            return {}
        if column not in self._track_ids:
            self._track_ids[column] = read_tracks(self._labels.dataset, column)
        return self._track_ids[column]

    def _unknown_columns(self, video: Video) -> Iterator[SourceFinding]:
        """Report label columns with content that the ontology no longer has."""
        known = {column.name for column in self._layout.geometries}
        known |= {column.name for column in self._all_answers()}
        for name, kind in self._kinds.items():
            beside = kind in ("row metadata", "labels", "track_ids", "key_frames")
            if beside or name in known or name in self._left_out:
                continue
            (cell,) = self._labels.cells(self._prefix + name, video.rows[:1])
            if cell is not None:
                yield SourceFinding(
                    f"the column {name!r} ({kind}) belongs to no tool or classification of the "
                    f"ontology that the labels were written with; it is not imported"
                )

    def _all_answers(self) -> Iterator[AnswerColumn]:
        yield from self._layout.answers
        for column in self._layout.geometries:
            yield from column.answers


class _ObjectAnswers:
    """The answers about the objects of a column in one video."""

    def __init__(
        self,
        column: GeometryColumn,
        objects: FamilyObjects,
        prefix: str,
        findings: list[SourceFinding],
    ) -> None:
        by_column = {
            answers.family.column.removeprefix(prefix): answers
            for answers in objects.answers.values()
        }
        self._columns = [answer for answer in column.answers if answer.name in by_column]
        self._values = [values_of(by_column[answer.name]) for answer in self._columns]
        self._decoders: dict[int, ColumnAnswers] = {}
        self._findings = findings

    def of(self, tool: Tool, members: NDArray[np.intp]) -> list[Mapping[str, Any]]:
        """Return the answers about some objects of a tool."""
        if not self._columns:
            return [{}] * len(members)
        decoder = self._decoders.get(id(tool))
        if decoder is None:
            decoder = ColumnAnswers(self._columns, tool, tool.classifications)
            self._decoders[id(tool)] = decoder
            self._findings.extend(map(SourceFinding, decoder.problems))
        return [decoder.of([values[i] for values in self._values]) for i in members]


def labeled_size(video: Video) -> tuple[int, int] | None:
    """Return width and height of a video, in the pixels that its labels were drawn on."""
    size = video.source_size or video.size
    return None if size is None else (size[1], size[0])


def _in_labelbox(coordinates: Any, kind: ToolKind, video: Video) -> Any:
    """Convert coordinates to pixels of the video, if the dataset was made with ``resize``."""
    if video.source_size is None or video.size is None or video.source_size == video.size:
        return coordinates
    if GEOMETRIES[kind].is_mask:
        return [scaled_mask(mask, video.source_size) for mask in coordinates]
    return GEOMETRIES[kind].resized(coordinates, video.size, video.source_size)
