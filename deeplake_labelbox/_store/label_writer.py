"""Write one set of label columns, for all or some data rows."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace

import deeplake

from deeplake_labelbox._counts import counted
from deeplake_labelbox._model.annotations import VideoLabel
from deeplake_labelbox._model.labels import parse_label
from deeplake_labelbox._model.ontology import Ontology
from deeplake_labelbox._progress import with_progress
from deeplake_labelbox._store.applied_labels import AppliedLabel, AppliedLabels
from deeplake_labelbox._store.columns import (
    BASE_COLUMNS,
    column_kind,
    column_names,
    read_class_names,
)
from deeplake_labelbox._store.labelbox_meta import LabelboxMeta, VideoEntry
from deeplake_labelbox._store.layout import (
    GroupMapping,
    Layout,
    ensure_label_columns,
    make_layout,
    write_names,
)
from deeplake_labelbox._store.mask_cells import write_masks
from deeplake_labelbox._store.row_index import RowIndex, VideoRows
from deeplake_labelbox._store.row_metadata import RowMetadata
from deeplake_labelbox._store.selected_rows import SelectedRow, SelectedRows
from deeplake_labelbox._store.track_ids import TrackIds
from deeplake_labelbox._store.values import label_values
from deeplake_labelbox._store.written_files import WrittenFiles
from deeplake_labelbox._video.access import UrlPresigner
from deeplake_labelbox._video.checks import frames_missing
from deeplake_labelbox._video.masks import MaskReader
from deeplake_labelbox._video.transport import Transport
from deeplake_labelbox.errors import LabelError, MaskError, OntologyError
from deeplake_labelbox.report import Report, VideoOutcome

logger = logging.getLogger(__name__)

_PENDING = (
    "the build of the dataset is unfinished and this video pending; create the dataset again, "
    "which continues where it stopped, then apply the labels"
)

_EMPTY_LABEL = VideoLabel(None, None, (), (), (), {}, ())


@dataclass(frozen=True, slots=True)
class WrittenLabels:
    """The labels that were written to a set of columns.

    Attributes:
        labels: The label in the rows of each data row.
        activities: Time of the last activity on each data row; ``None`` if the export lacks it.
        annotators: Annotators of these data rows, if annotators have columns of their own.
    """

    labels: dict[str, AppliedLabel]
    activities: list[str | None]
    annotators: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelWriting:
    """How labels are written.

    Attributes:
        group_mapping: Column name by kind of tool or classification.
        fail_on_error: Raise at the first label that cannot be fully applied.
        metadata: Writes the columns ``lb_meta/*``; ``None`` leaves them out.
        mask_presigner: Gives access to the URLs of masks.
        progress: Whether to show a progress bar.
        log_renamed: Whether to log columns that could not get the names of their tools.
    """

    group_mapping: GroupMapping | None
    fail_on_error: bool
    metadata: RowMetadata | None
    mask_presigner: UrlPresigner | None
    progress: bool
    log_renamed: bool = True


class LabelWriter:
    """Writes labels to one set of columns, without a commit.

    Args:
        dataset: The dataset.
        meta: The metadata of the dataset.
        ontology: The project's ontology.
        options: How labels are written.
        annotator: Annotator whose labels are written, to columns with this prefix; ``None`` for the
            selected labels and the shared columns.

    Attributes:
        annotator: The same.
        layout: The columns.
        report: What was written for each video, and what could not be written.
        track_ids: The track ids, after writing.

    Raises:
        GroupMappingError: If the group mapping is invalid.
    """

    def __init__(
        self,
        dataset: deeplake.Dataset,
        meta: LabelboxMeta,
        ontology: Ontology,
        options: LabelWriting,
        annotator: str | None = None,
    ) -> None:
        self.annotator = annotator
        self.report = Report()
        self.track_ids: TrackIds | None = None
        self._dataset = dataset
        self._meta = meta
        self._options = options
        self._metadata = metadata = options.metadata if annotator is None else None
        reserved = {*BASE_COLUMNS, *(metadata.column_names if metadata else ())}
        reserved.update(n for n in column_names(dataset) if column_kind(dataset, n) is None)
        self.layout: Layout = make_layout(
            ontology,
            options.group_mapping,
            reserved=reserved,
            class_names=self._known_class_names,
            prefix="" if annotator is None else f"{annotator}/",
        )
        self._features = 0
        self._known_features = 0

    def write(
        self,
        rows: SelectedRows,
        index: RowIndex,
        files: WrittenFiles,
        *,
        columns: Mapping[str, frozenset[str] | None] | None = None,
        before: AppliedLabels | None = None,
    ) -> WrittenLabels:
        """Write the labels of data rows.

        Args:
            rows: The data rows, with their selected labels.
            index: The rows of the dataset.
            files: Checks that Deep Lake's files were written.
            columns: By data row id, the label columns to write, or ``None`` for all of them; all
                columns of all data rows by default.
            before: The labels that were applied before; unchanged row metadata is not written
                again.

        Returns:
            The written labels.

        Raises:
            DeepLakeLabelboxError: See `VideoProjectConverter.dataset_with_applied_annotations`.
        """
        self.report.videos.clear()
        self._features = self._known_features = 0
        self.track_ids = track_ids = TrackIds(self._dataset, self.layout.geometries)
        existing = self._written_columns()
        known = before.labels if before is not None else {}
        applied: dict[str, AppliedLabel] = {}
        activities: list[str | None] = []
        annotators: set[str] = set()
        ensure_label_columns(self._dataset, self.layout)
        if self._metadata is not None:
            self._metadata.ensure_columns(self._dataset)
        with (
            Transport() as transport,
            MaskReader(transport, self._options.mask_presigner) as masks,
        ):
            progress = self._options.progress
            for row in with_progress(rows, shown=progress, desc="labels", unit="video"):
                key = row.data_row_id
                only = None if columns is None else columns[key]
                label = self._apply(row, only, index, track_ids, masks, existing, known.get(key))
                if label is not None:
                    applied[key] = label
                activities.append(row.last_activity)
                annotators |= row.by_annotator.keys()
                files.check_room(0)
        self._check_ontology()
        write_names(self._dataset, self.layout, track_ids)
        track_ids.save()
        return WrittenLabels(applied, activities, frozenset(annotators))

    def _known_class_names(self, column: str) -> tuple[str, ...]:
        if column not in column_names(self._dataset):
            return ()
        return read_class_names(self._dataset, column)

    def _written_columns(self) -> frozenset[str]:
        """Return the label columns that an earlier run wrote."""
        return frozenset(n for n in column_names(self._dataset) if column_kind(self._dataset, n))

    def _apply(
        self,
        row: SelectedRow,
        columns: frozenset[str] | None,
        index: RowIndex,
        track_ids: TrackIds,
        masks: MaskReader,
        written: frozenset[str],
        known: AppliedLabel | None,
    ) -> AppliedLabel | None:
        """Write one data row; return its applied label, or ``None`` if it has no rows."""
        outcome = VideoOutcome(row.data_row_id, row.name)
        self.report.videos.append(outcome)
        selected = row.label_of(self.annotator)
        video = self._meta.entry(row.data_row_id)
        if video is not None and video.status == "pending":
            self._gap_of_rows(outcome, _PENDING)
            return None
        rows = index.rows_of(video) if video is not None else None
        if video is None or rows is None or not len(rows.rows):
            none_chosen = video is not None and video.status == "done" and video.chosen == ()
            if selected is not None and not none_chosen:
                self._gap_of_rows(outcome, _why_no_rows(video))
            return None if video is None else row.content
        label = None if selected is None else parse_label(selected)
        outcome.rows = len(rows.rows)
        outcome.labeled = label is not None
        if self._metadata is not None and not (
            row.content.is_same_row(known) and self._metadata.is_there(self._dataset, rows)
        ):
            self._metadata.write(self._dataset, rows, row.row, self._meta.project_id, label)
        track_ids.enter(row.data_row_id)
        for first, last in video.missing if label is not None else ():
            self._gap_of_rows(outcome, frames_missing(first, last), first, last)
        if label is None:
            # Deep Lake cannot unset a cell, so a removed label leaves empty values.
            there = written if columns is None else written & columns
            columns = frozenset(name for name in there if self._is_set(name, rows))
        lost = 0
        if columns is None or columns:
            lost = self._write_label(
                label or _EMPTY_LABEL, columns, rows, video, track_ids, masks, outcome
            )
        return replace(row.content, incomplete=lost)

    def _is_set(self, column: str, rows: VideoRows) -> bool:
        """Return whether a label was written to the cells of a video."""
        # An empty text also reads as None, so all cells of a text column are read.
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
    ) -> int:
        """Write a label; return the number of masks that could not be read."""
        values = label_values(
            label, self.layout, rows.frames, video.frame_count, track_ids, scale=video.scale
        )
        self._features += values.features
        self._known_features += values.known_features
        for problem in values.problems:
            self._gap(outcome, problem.what, problem.frame, problem.last_frame)
        for column, cells in values.columns.items():
            if only is None or column in only:
                rows.write(self._dataset, column, cells)
        references = {n: m for n, m in values.masks.items() if only is None or n in only}
        lost = 0
        for what, frame in write_masks(self._dataset, references, rows, video, masks):
            lost += 1
            self._gap(outcome, what, frame, error=MaskError)
        outcome.objects = {kind: count for kind, count in values.objects.items() if count}
        return lost

    def _gap_of_rows(
        self, outcome: VideoOutcome, what: str, first: int | None = None, last: int | None = None
    ) -> None:
        """Report missing rows for the shared columns only, and not again for each annotator."""
        if self.annotator is None:
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
        if self._options.fail_on_error:
            raise error(
                f"Data row {str(gap).rstrip('.')}. Leave `fail_on_error` out to apply the rest."
            )
        if gap.frame == frame:  # otherwise it extends a gap that was logged
            logger.warning("%s", gap)

    def _check_ontology(self) -> None:
        if self._features and not self._known_features:
            raise unknown_features(self._features, self._meta.project_id)


def unknown_features(count: int, project_id: str) -> OntologyError:
    """Return the error for an ontology that has no feature of a project's labels."""
    return OntologyError(
        f"The ontology has none of the {counted(count, 'feature')} that the labels of project "
        f"{project_id} use; apply the labels with the ontology that they were made with."
    )


def _why_no_rows(video: VideoEntry | None) -> str:
    if video is None:
        return "the data row is not in the dataset; make the dataset from a newer export"
    if video.problem is not None:
        return f"its labels have no frames to go to: {video.problem}"
    return "its rows are no longer in the dataset"
