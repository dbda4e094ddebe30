"""Write the labels of a project: to the shared columns, and to those of each annotator."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import deeplake

from deeplake_labelbox._model.ontology import Ontology
from deeplake_labelbox._store.applied_labels import AppliedLabels
from deeplake_labelbox._store.label_writer import LabelWriter, LabelWriting, WrittenLabels
from deeplake_labelbox._store.labelbox_meta import LabelboxMeta
from deeplake_labelbox._store.row_index import RowIndex
from deeplake_labelbox._store.selected_rows import SelectedRows
from deeplake_labelbox._store.track_ids import TrackIds
from deeplake_labelbox._store.written_files import WrittenFiles

logger = logging.getLogger(__name__)


class ProjectLabelWriter:
    """Writes the labels of a project to all their columns, without a commit.

    Args:
        dataset: The dataset.
        meta: The metadata of the dataset.
        ontology: The project's ontology.
        options: How labels are written.

    Attributes:
        report: The labels that were applied to each video, and those that could not be applied.
        layout: The shared columns.
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
    ) -> None:
        self._dataset = dataset
        self._meta = meta
        self._options = options
        self._group_mapping = dict(options.group_mapping or {})
        self._writer = partial(LabelWriter, dataset, meta, ontology, options)
        self._shared = self._writer()
        self.report = self._shared.report
        self.layout = self._shared.layout
        self.track_ids: TrackIds | None = None
        for renamed in self.layout.renamed if options.log_renamed else ():
            logger.warning(renamed)

    def write(
        self,
        rows: SelectedRows,
        index: RowIndex,
        files: WrittenFiles,
        before: AppliedLabels | None,
        *,
        columns: Mapping[str, frozenset[str] | None] | None = None,
    ) -> AppliedLabels:
        """Write the labels of data rows.

        Args:
            rows: The data rows, with their selected labels.
            index: The rows of the dataset.
            files: Checks that Deep Lake's files were written.
            before: The labels that were applied before.
            columns: By data row id, the label columns to write, or ``None`` for all of them; all
                columns of all data rows by default.

        Returns:
            The applied labels. The caller writes them to the dataset.

        Raises:
            DeepLakeLabelboxError: See `VideoProjectConverter.dataset_with_applied_annotations`.
        """
        if before is not None and dict(before.group_mapping) != self._group_mapping:
            logger.warning(
                "The existing labels were applied with `group_mapping=%s`; columns that only they "
                "have keep their old values.",
                dict(before.group_mapping),
            )
        had = frozenset(before.annotators if before is not None else ())
        known = before if columns is not None else None
        written = self._shared.write(rows, index, files, columns=columns, before=known)
        self.track_ids = self._shared.track_ids
        now = had | written.annotators
        for annotator in sorted(now) if rows.selection == "all" else ():
            # Track ids continue those of the writer before. If the labels of an annotator were
            # removed, empty values are written.
            self._write_annotator(annotator, rows, index, files, columns, written)
        return self._applied(rows, written, before, now)

    def _write_annotator(
        self,
        annotator: str,
        rows: SelectedRows,
        index: RowIndex,
        files: WrittenFiles,
        columns: Mapping[str, frozenset[str] | None] | None,
        written: WrittenLabels,
    ) -> None:
        writer = self._writer(annotator)
        theirs = writer.write(rows, index, files, columns=columns)
        self.track_ids = writer.track_ids
        for key, label in theirs.labels.items():
            lost = written.labels[key].incomplete + label.incomplete
            written.labels[key] = replace(written.labels[key], incomplete=lost)
        for outcome, of_theirs in zip(self.report, writer.report, strict=True):
            for gap in of_theirs.gaps:
                outcome.gap(f"{annotator}: {gap.what}", gap.frame, gap.last_frame)

    def _applied(
        self,
        rows: SelectedRows,
        written: WrittenLabels,
        before: AppliedLabels | None,
        annotators: frozenset[str],
    ) -> AppliedLabels:
        labels = {**(before.labels if before is not None else {}), **written.labels}
        removed = before.removed_data_rows if before is not None else ()
        metadata = self._options.metadata
        return AppliedLabels(
            project_id=self._meta.project_id,
            project_name=self._meta.project_name,
            ontology=self.layout.ontology,
            group_mapping=self._group_mapping,
            metadata_prefix=metadata.prefix if metadata else None,
            has_metadata=metadata is not None,
            row_details=metadata.details if metadata else (),
            label_selection="function" if callable(rows.selection) else rows.selection,
            last_activity=_last_activity(written, before),
            labels=labels,
            videos=tuple(video for video in self._meta.videos if video.data_row_id in labels),
            removed_data_rows=tuple(key for key in removed if key not in written.labels),
            options=self._meta.options,
            annotators=tuple(sorted(annotators)),
        )


def _last_activity(written: WrittenLabels, before: AppliedLabels | None) -> str | None:
    """Return the time up to which all activity is applied; ``None`` if a data row has no time."""
    moments = written.activities
    until = None if None in moments else max(filter(None, moments), default=None)
    if before is not None and before.labels.keys() - written.labels.keys():
        # For data rows that were not written now, the earlier time remains.
        until = min(filter(None, (until, before.last_activity)), default=None)
    return until
