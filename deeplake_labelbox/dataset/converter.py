"""VideoProjectConverter: the labels of a project onto the rows of its dataset."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

import deeplake
import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from deeplake_labelbox.dataset.applied import (
    AppliedLabel,
    AppliedLabels,
    digest,
    label_version,
    last_activity,
)
from deeplake_labelbox.dataset.columns import (
    column_kind,
    column_names,
    ensure_column,
    read_class_names,
    write_class_colours,
    write_class_names,
)
from deeplake_labelbox.dataset.disk import WrittenFiles
from deeplake_labelbox.dataset.frames import BASE_COLUMNS
from deeplake_labelbox.dataset.labelbox_meta import LabelboxMeta, VideoEntry
from deeplake_labelbox.dataset.layout import GroupMapping, Layout, make_layout
from deeplake_labelbox.dataset.location import dataset_errors
from deeplake_labelbox.dataset.row_index import RowIndex, VideoRows
from deeplake_labelbox.dataset.row_metadata import RowMetadata, details_of
from deeplake_labelbox.dataset.track_ids import TrackIds
from deeplake_labelbox.dataset.transaction import uncommitted
from deeplake_labelbox.dataset.values import label_values
from deeplake_labelbox.errors import (
    DatasetMismatchError,
    LabelError,
    MaskError,
    OntologyError,
)
from deeplake_labelbox.preflight.checks import frames_missing
from deeplake_labelbox.project.annotations import MaskReference, VideoLabel
from deeplake_labelbox.project.data_rows import data_row_name
from deeplake_labelbox.project.json_values import as_text
from deeplake_labelbox.project.labels import parse_label
from deeplake_labelbox.project.ontology import Ontology
from deeplake_labelbox.project.selection import (
    LabelSelection,
    annotators,
    label_of,
    labels_of_annotators,
    select_label,
)
from deeplake_labelbox.report import Report, VideoOutcome
from deeplake_labelbox.video.masks import MaskReader
from deeplake_labelbox.video.resize import nearest_pixels
from deeplake_labelbox.video.source import UrlPresigner
from deeplake_labelbox.video.transport import Transport

logger = logging.getLogger(__name__)

# Masks are written in slices of about this many bytes of pixels.
_MASK_SLICE_BYTES = 32 << 20

_PENDING = (
    "the build of the dataset is unfinished and this video pending; make the dataset again, which "
    "goes on where it stopped, then apply the labels"
)

_EMPTY_LABEL = VideoLabel(None, None, (), (), (), {}, ())


class VideoProjectConverter:
    """Applies the labels of a Labelbox video project to the dataset of its frames.

    Made by `converter_for_video_project_with_id`.

    Args:
        project_id: Id of the project.
        dataset: The dataset, made by `create_dataset_from_video_annotation_project`; any branch.
        export: The project's export.
        ontology: The project's ontology.
        group_mapping: Column name by kind of tool or classification; see `GroupMapping`.
        fail_on_error: Raise at the first label that cannot be applied whole.
        metadata: Writes the columns ``lb_meta/*``; ``None`` leaves them out.
        label_selection: Which of several labels of a data row counts; see `LabelSelection`.
        mask_presigner: Gives access to the URLs of masks.
        progress: Whether to show a progress bar.
        meta: What the dataset knows of its project; read from the dataset by default.
        prefix: Put before the names of all label columns, for a second set of them.

    Attributes:
        report: What was applied to each video, and what could not be.
        layout: The columns of the project.
        track_ids: The numbers of its objects, once they are written.

    Raises:
        GroupMappingError: If the group mapping cannot be used.
        DatasetMismatchError: If the dataset was not made from this project.
    """

    def __init__(
        self,
        project_id: str,
        dataset: deeplake.Dataset,
        export: Sequence[Mapping[str, Any]],
        ontology: Ontology,
        *,
        group_mapping: GroupMapping | None = None,
        fail_on_error: bool = False,
        metadata: RowMetadata | None = None,
        label_selection: LabelSelection = "selected",
        mask_presigner: UrlPresigner | None = None,
        progress: bool = True,
        meta: LabelboxMeta | None = None,
        prefix: str = "",
    ) -> None:
        self.report = Report()
        self.track_ids: TrackIds | None = None
        self._project_id = project_id
        self._dataset = dataset
        self._export = export
        self._meta = LabelboxMeta.read(dataset) if meta is None else meta
        if self._meta.project_id != project_id:
            raise DatasetMismatchError(
                f"The dataset was made from project {self._meta.project_id!r}, not from "
                f"{project_id!r}; open the dataset of this project, or make it first."
            )
        self._metadata = metadata
        reserved = {*BASE_COLUMNS, *(metadata.column_names if metadata else ())}
        reserved.update(n for n in column_names(dataset) if column_kind(dataset, n) is None)
        self.layout: Layout = make_layout(
            ontology,
            group_mapping,
            reserved=reserved,
            class_names=self._known_class_names,
            prefix=prefix,
        )
        self._prefix = prefix
        self._group_mapping = dict(group_mapping or {})
        self._fail_on_error = fail_on_error
        self._label_selection = label_selection
        self._mask_presigner = mask_presigner
        self._progress = progress
        self._features = 0
        self._known_features = 0
        self._missing_masks = 0
        self._annotators = tuple(
            VideoProjectConverter(
                project_id,
                dataset,
                export,
                ontology,
                group_mapping=group_mapping,
                fail_on_error=fail_on_error,
                label_selection=label_of(annotator),
                mask_presigner=mask_presigner,
                progress=progress,
                meta=self._meta,
                prefix=f"{annotator}/",
            )
            for annotator in self._annotator_names()
        )

    def dataset_with_applied_annotations(self) -> deeplake.Dataset:
        """Apply every label to the rows of its data row, and commit.

        Videos without a label keep ``None`` in every column. What cannot be applied is logged and
        noted in `report`.

        Returns:
            The dataset, with one more commit.

        Raises:
            LabelError: If ``fail_on_error``, for the first label that cannot be applied whole.
                Nothing is committed.
            MaskError: The same, for the first mask that cannot be had.
            OntologyError: If no annotation at all is known to the ontology. Nothing is committed.
            DatasetError: If Deep Lake cannot write.
        """
        with uncommitted(self._dataset), dataset_errors("writing labels"):
            files = WrittenFiles.of(self._dataset)
            files.check_room(0)
            self.write_labels(files=files)
            files.check_written()
            if self.track_ids is not None:
                self.track_ids.save_next()
            self._dataset.commit(f"Apply labels of Labelbox project {self._meta.project_name}")
            files.check_written()
        return self._dataset

    def write_labels(
        self,
        only: Mapping[str, frozenset[str] | None] | None = None,
        *,
        files: WrittenFiles | None = None,
    ) -> None:
        """Write labels to the rows of their data rows, without a commit.

        Args:
            only: The data rows to write, each with the label columns that are written, or ``None``
                for all of them; all data rows by default.
            files: Watches the disk.

        Raises:
            DeepLakeLabelboxError: See `dataset_with_applied_annotations`.
        """
        before = AppliedLabels.read(self._dataset)
        applied, moments = self._write(only, files, before)
        for annotator in self._annotators:
            # Track ids go on from those that are given.
            theirs, _ = annotator._write(only, files, before)  # noqa: SLF001 - one of its own kind
            self.track_ids = annotator.track_ids
            name = annotator._prefix.removesuffix("/")  # noqa: SLF001 - the same
            for key, label in theirs.items():
                if label.incomplete:
                    applied[key] = replace(applied[key], incomplete=True)
            for outcome, of_theirs in zip(self.report, annotator.report, strict=True):
                for gap in of_theirs.gaps:
                    outcome.gap(f"{name}: {gap.what}", gap.frame, gap.last_frame)
        self._note(before, applied, moments, whole=only is None)

    def _write(
        self,
        only: Mapping[str, frozenset[str] | None] | None,
        files: WrittenFiles | None,
        before: AppliedLabels | None,
    ) -> tuple[dict[str, AppliedLabel], list[str | None]]:
        """Write one set of columns; returns what rows hold then, and last activities."""
        self.report.videos.clear()
        self._features = self._known_features = 0
        index = RowIndex(self._dataset, self._meta)
        self.track_ids = track_ids = TrackIds(self._dataset, self.layout.geometries)
        written = self._written_columns()
        applied: dict[str, AppliedLabel] = {}
        moments = []
        self._ensure_columns()
        with (
            Transport() as transport,
            MaskReader(transport, self._mask_presigner) as masks,
            tqdm(self._export, unit="video", disable=not self._progress, desc="labels") as rows,
        ):
            for row in rows:
                data_row_id = str(row["data_row"]["id"])
                moments.append(last_activity(row))
                if only is None or data_row_id in only:
                    columns = None if only is None else only[data_row_id]
                    known = before.labels.get(data_row_id) if before and only is not None else None
                    label = self._apply(row, columns, index, track_ids, masks, written, known)
                    if label is not None:
                        applied[data_row_id] = label
                if files is not None:
                    files.check_room(0)
        self._check_ontology()
        self._save_metadata(track_ids)
        return applied, moments

    def _annotator_names(self) -> tuple[str, ...]:
        """Who has columns of their own; who has no labels any more has had them."""
        if self._label_selection != "all":
            return ()
        applied = AppliedLabels.read(self._dataset)
        names = {*(applied.annotators if applied else ())}
        return tuple(sorted(names.union(annotators(self._export, self._project_id))))

    def _note(
        self,
        before: AppliedLabels | None,
        applied: Mapping[str, AppliedLabel],
        moments: list[str | None],
        *,
        whole: bool,
    ) -> None:
        """Keep what was applied, for `sync_dataset`."""
        labels = {**(before.labels if before else {}), **applied}
        # All that happened up to here is applied; not told where a data row does not tell its own.
        until = None if None in moments else max(filter(None, moments), default=None)
        known = before.last_activity if before else None
        if before is not None and labels.keys() - applied.keys() and whole:
            until = min(filter(None, (until, known)), default=None)
        elif not whole:
            until = max(filter(None, (until, known)), default=None)
        AppliedLabels(
            project_id=self._project_id,
            project_name=self._meta.project_name,
            ontology=self.layout.ontology,
            group_mapping=self._group_mapping,
            metadata_prefix=self._metadata.prefix if self._metadata else None,
            has_metadata=self._metadata is not None,
            label_selection=(
                "function" if callable(self._label_selection) else self._label_selection
            ),
            last_activity=until,
            labels=labels,
            videos=tuple(video for video in self._meta.videos if video.data_row_id in labels),
            left=tuple(row for row in (before.left if before else ()) if row not in applied),
            options=self._meta.options,
            annotators=tuple(
                sorted(
                    {
                        *(before.annotators if before else ()),
                        *(annotator._prefix.removesuffix("/") for annotator in self._annotators),  # noqa: SLF001 - one of its own kind
                    }
                )
            ),
        ).write(self._dataset)

    def _known_class_names(self, column: str) -> tuple[str, ...]:
        if column not in column_names(self._dataset):
            return ()
        return read_class_names(self._dataset, column)

    def _written_columns(self) -> frozenset[str]:
        """The label columns that an earlier run wrote."""
        return frozenset(n for n in column_names(self._dataset) if column_kind(self._dataset, n))

    def _ensure_columns(self) -> None:
        for geometry in self.layout.geometries:
            ensure_column(self._dataset, geometry.name, geometry.kind)
            if geometry.grouped:
                ensure_column(self._dataset, geometry.labels, "labels")
            ensure_column(self._dataset, geometry.track_ids, "track_ids")
            ensure_column(self._dataset, geometry.key_frames, "key_frames")
            for answers in geometry.answers:
                ensure_column(self._dataset, answers.name, answers.object_kind)
        for answers in self.layout.answers:
            ensure_column(self._dataset, answers.name, answers.frame_kind)
        if self._metadata is not None:
            self._metadata.ensure_columns(self._dataset)

    def _save_metadata(self, track_ids: TrackIds) -> None:
        """Write what names the numbers; a rollback takes it back, as it is of columns."""
        for geometry in self.layout.geometries:
            write_class_colours(self._dataset, geometry)
            if geometry.grouped:
                names = track_ids.class_names(geometry)
                write_class_names(self._dataset, geometry.labels, names)
            for answers in geometry.answers:
                write_class_names(self._dataset, answers.name, answers.class_names)
        for answers in self.layout.answers:
            write_class_names(self._dataset, answers.name, answers.class_names)
        track_ids.save()

    def _apply(
        self,
        row: Mapping[str, Any],
        columns: frozenset[str] | None,
        index: RowIndex,
        track_ids: TrackIds,
        masks: MaskReader,
        written: frozenset[str],
        known: AppliedLabel | None,
    ) -> AppliedLabel | None:
        """Write one data row; returns what its rows hold then, ``None`` if it has none."""
        data_row_id = str(row["data_row"]["id"])
        outcome = VideoOutcome(data_row_id, data_row_name(row))
        self.report.videos.append(outcome)
        selected = select_label(row, self._project_id, self._label_selection)
        told = applied_label(row, self._project_id, selected, self._label_selection)
        video = self._meta.entry(data_row_id)
        if video is not None and video.status == "pending":
            self._gap_of_rows(outcome, _PENDING)
            return None
        rows = index.rows_of(video) if video is not None else None
        if video is None or rows is None or not len(rows.rows):
            none_chosen = video is not None and video.status == "done" and video.chosen == ()
            if selected is not None and not none_chosen:
                self._gap_of_rows(outcome, _why_no_rows(video))
            return None if video is None else told
        missing_before = self._missing_masks
        label = None if selected is None else parse_label(selected)
        outcome.rows = len(rows.rows)
        outcome.labelled = label is not None
        if self._metadata is not None and not (
            told.is_same_row(known) and self._metadata.is_there(self._dataset, rows)
        ):
            self._metadata.write(self._dataset, rows, row, self._project_id, label)
        track_ids.enter(data_row_id)
        for first, last in video.missing if label is not None else ():
            self._gap_of_rows(outcome, frames_missing(first, last), first, last)
        if label is None:
            # Deep Lake cannot unset a cell; a label that went away leaves empty values.
            there = written if columns is None else written & columns
            columns = frozenset(name for name in there if self._is_set(name, rows))
        if columns is None or columns:
            self._write_label(
                label or _EMPTY_LABEL, columns, rows, video, track_ids, masks, outcome
            )
        return replace(told, incomplete=self._missing_masks > missing_before)

    def _is_set(self, column: str, rows: VideoRows) -> bool:
        """Whether a label was written to the cells of a video."""
        # An empty text reads as None as well, so that one cell does not tell of the others.
        seen = rows.rows if column_kind(self._dataset, column) == "text" else rows.rows[:1]
        return any(self._dataset[column][int(row)] is not None for row in seen)

    def _write_label(
        self,
        label: VideoLabel,
        only: frozenset[str] | None,
        rows: VideoRows,
        video: VideoEntry,
        track_ids: TrackIds,
        masks: MaskReader,
        outcome: VideoOutcome,
    ) -> None:
        values = label_values(
            label, self.layout, rows.frames, video.frame_count, track_ids, scale=video.scale
        )
        self._features += values.features
        self._known_features += values.known_features
        for problem in values.problems:
            self._gap(outcome, problem.what, problem.frame)
        for column, cells in values.columns.items():
            if only is None or column in only:
                rows.write(self._dataset, column, cells)
        references = {n: m for n, m in values.masks.items() if only is None or n in only}
        if references:
            self._write_masks(references, rows, video, masks, outcome)
        outcome.objects = {kind: count for kind, count in values.objects.items() if count}

    def _write_masks(
        self,
        references: Mapping[str, list[list[MaskReference]]],
        rows: VideoRows,
        video: VideoEntry,
        masks: MaskReader,
        outcome: VideoOutcome,
    ) -> None:
        # All columns at once: a composite mask holds objects of several, and is fetched once.
        frames = [
            list(chain.from_iterable(frame)) for frame in zip(*references.values(), strict=True)
        ]
        cells: dict[str, list[NDArray[np.bool_]]] = {column: [] for column in references}
        start = size = 0
        height = video.source_height or video.height
        width = video.source_width or video.width
        for index, found in enumerate(masks.read(frames, height, width)):
            pixels = nearest_pixels(found.masks, video.height, video.width)
            self._missing_masks += len(found.problems)
            for problem in found.problems:
                self._gap(outcome, problem, int(rows.frames[index]), error=MaskError)
            channel = 0
            for column, per_row in references.items():
                end = channel + len(per_row[index])
                cells[column].append(np.ascontiguousarray(pixels[..., channel:end]))
                channel = end
            size += pixels.nbytes
            if size >= _MASK_SLICE_BYTES or index == len(frames) - 1:
                for column, part in cells.items():
                    rows.part(start, index + 1).write(self._dataset, column, part)
                    part.clear()
                start, size = index + 1, 0

    def _gap_of_rows(
        self, outcome: VideoOutcome, what: str, first: int | None = None, last: int | None = None
    ) -> None:
        """Note that rows are missing, whoever labelled them: not once more by annotator."""
        if not self._prefix:
            self._gap(outcome, what, first, last)

    def _gap(
        self,
        outcome: VideoOutcome,
        what: str,
        frame: int | None = None,
        last_frame: int | None = None,
        *,
        error: type[LabelError | MaskError] = LabelError,
    ) -> None:
        gap = outcome.gap(what, frame, last_frame)
        if self._fail_on_error:
            raise error(f"Data row {gap}. Pass fail_on_error=False to apply the rest.")
        if gap.frame == frame:  # else it goes on where one that was logged ended
            logger.warning("%s", gap)

    def _check_ontology(self) -> None:
        if self._features and not self._known_features:
            raise OntologyError(
                f"The ontology knows none of the {self._features} features that the labels of "
                f"project {self._project_id} use; pass the ontology of this project, or leave "
                f"lb_ontology out."
            )


def applied_label(
    row: Mapping[str, Any],
    project_id: str,
    label: Mapping[str, Any] | None,
    label_selection: LabelSelection,
) -> AppliedLabel:
    """What the rows of a data row hold when a label of its export was applied, or none."""
    others = {}
    if label_selection == "all":
        for annotator, theirs in labels_of_annotators(row, project_id).items():
            others[annotator] = [as_text(theirs.get("id")), label_version(theirs)]
    return AppliedLabel(
        label_id=None if label is None else as_text(label.get("id")),
        changed=None if label is None else label_version(label),
        details=digest(details_of(row, project_id)),
        others=digest(others) if others else "",
    )


def _why_no_rows(video: VideoEntry | None) -> str:
    if video is None:
        return "the data row is not in the dataset; make the dataset from a newer export"
    if video.problem is not None:
        return f"its labels have no frames to go to: {video.problem}"
    return "its rows are not in the dataset any more"
