"""VideoProjectConverter: the labels of a project onto the rows of its dataset."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import deeplake

from deeplake_labelbox._model.ontology import Ontology
from deeplake_labelbox._model.selection import (
    LabelSelection,
    annotators,
    label_of,
)
from deeplake_labelbox._store.applied_labels import (
    AppliedLabels,
)
from deeplake_labelbox._store.label_writer import LabelWriter, Written
from deeplake_labelbox._store.labelbox_meta import LabelboxMeta
from deeplake_labelbox._store.layout import GroupMapping
from deeplake_labelbox._store.location import dataset_errors
from deeplake_labelbox._store.row_index import RowIndex
from deeplake_labelbox._store.row_metadata import RowMetadata
from deeplake_labelbox._store.track_ids import TrackIds
from deeplake_labelbox._store.transaction import uncommitted
from deeplake_labelbox._store.written_files import WrittenFiles
from deeplake_labelbox._video.access import UrlPresigner
from deeplake_labelbox.errors import (
    DatasetMismatchError,
)

logger = logging.getLogger(__name__)


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

    Attributes:
        report: What was applied to each video, and what could not be.
        layout: The columns of the project.

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
    ) -> None:
        meta = LabelboxMeta.read(dataset) if meta is None else meta
        if meta.project_id != project_id:
            raise DatasetMismatchError(
                f"The dataset was made from project {meta.project_id!r}, not from {project_id!r}; "
                f"open the dataset of this project, or make it first."
            )
        self._project_id = project_id
        self._dataset = dataset
        self._meta = meta
        self._metadata = metadata
        self._group_mapping = dict(group_mapping or {})
        self._label_selection = label_selection
        writer = partial(
            LabelWriter,
            project_id,
            dataset,
            export,
            ontology,
            meta,
            group_mapping=group_mapping,
            fail_on_error=fail_on_error,
            mask_presigner=mask_presigner,
            progress=progress,
        )
        self._labels = writer(metadata=metadata, label_selection=label_selection)
        self._annotators = [
            writer(metadata=None, label_selection=label_of(annotator), annotator=annotator)
            for annotator in (self._annotator_names(export) if label_selection == "all" else ())
        ]
        self.report = self._labels.report
        self.layout = self._labels.layout

    @property
    def track_ids(self) -> TrackIds | None:
        """The numbers of the objects, once they are written."""
        return (self._annotators or [self._labels])[-1].track_ids

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
        index: RowIndex | None = None,
    ) -> None:
        """Write labels to the rows of their data rows, without a commit.

        Args:
            only: The data rows to write, each with the label columns that are written, or ``None``
                for all of them; all data rows by default.
            files: Watches the disk.
            index: The rows of the dataset as they are, where that is known.

        Raises:
            DeepLakeLabelboxError: See `dataset_with_applied_annotations`.
        """
        before = AppliedLabels.read(self._dataset)
        if before is not None and dict(before.group_mapping) != self._group_mapping:
            logger.warning(
                "The labels that are there were applied with group_mapping %s; columns that only "
                "they have keep their old values.",
                dict(before.group_mapping),
            )
        index = RowIndex(self._dataset, self._meta) if index is None else index
        written = self._labels.write(only, files, before, index)
        for annotator in self._annotators:
            # Track ids go on from those that are given.
            theirs = annotator.write(only, files, before, index)
            for key, label in theirs.labels.items():
                lost = written.labels[key].incomplete + label.incomplete
                written.labels[key] = replace(written.labels[key], incomplete=lost)
            for outcome, of_theirs in zip(self.report, annotator.report, strict=True):
                for gap in of_theirs.gaps:
                    outcome.gap(f"{annotator.annotator}: {gap.what}", gap.frame, gap.last_frame)
        self._note(before, written, whole=only is None)

    def _annotator_names(self, export: Sequence[Mapping[str, Any]]) -> list[str]:
        """Who has columns of their own; who has no labels any more has had them."""
        applied = AppliedLabels.read(self._dataset)
        had = applied.annotators if applied else ()
        return sorted({*had, *annotators(export, self._project_id)})

    def _note(
        self,
        before: AppliedLabels | None,
        written: Written,
        *,
        whole: bool,
    ) -> None:
        """Keep what was applied, for `sync_dataset`."""
        applied, moments = written.labels, written.activities
        labels = {**(before.labels if before else {}), **applied}
        # All that happened up to here is applied; not told where a data row does not tell its own.
        until = None if None in moments else max(filter(None, moments), default=None)
        known = before.last_activity if before else None
        if before is not None and labels.keys() - applied.keys() and whole:
            until = min(filter(None, (until, known)), default=None)
        elif not whole:
            until = max(filter(None, (until, known)), default=None)
        had = {*(before.annotators if before else ())}
        AppliedLabels(
            project_id=self._project_id,
            project_name=self._meta.project_name,
            ontology=self.layout.ontology,
            group_mapping=self._group_mapping,
            metadata_prefix=self._metadata.prefix if self._metadata else None,
            has_metadata=self._metadata is not None,
            row_details=self._metadata.details if self._metadata else (),
            label_selection=(
                "function" if callable(self._label_selection) else self._label_selection
            ),
            last_activity=until,
            labels=labels,
            videos=tuple(video for video in self._meta.videos if video.data_row_id in labels),
            left=tuple(row for row in (before.left if before else ()) if row not in applied),
            options=self._meta.options,
            annotators=tuple(sorted(had.union(a.annotator or "" for a in self._annotators))),
        ).write(self._dataset)
