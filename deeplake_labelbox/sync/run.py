"""One run: ask Labelbox, compare, write, commit."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import deeplake
import numpy as np

from deeplake_labelbox.dataset.applied import AppliedLabels
from deeplake_labelbox.dataset.columns import column_kind, column_names, read_class_names
from deeplake_labelbox.dataset.converter import VideoProjectConverter
from deeplake_labelbox.dataset.disk import WrittenFiles
from deeplake_labelbox.dataset.frames import (
    BASE_COLUMNS,
    has_identity_columns,
)
from deeplake_labelbox.dataset.labelbox_meta import LabelboxMeta
from deeplake_labelbox.dataset.layout import GroupMapping, Layout, make_layout
from deeplake_labelbox.dataset.resumption import delete_rows
from deeplake_labelbox.dataset.row_index import RowIndex
from deeplake_labelbox.dataset.transaction import uncommitted
from deeplake_labelbox.errors import (
    ConfigurationError,
    DatasetError,
    DatasetMismatchError,
    OntologyError,
)
from deeplake_labelbox.project.client import labelbox_errors
from deeplake_labelbox.project.exporter import ProjectExporter
from deeplake_labelbox.project.ontology import Ontology
from deeplake_labelbox.project.selection import LabelSelection
from deeplake_labelbox.report import Report
from deeplake_labelbox.sync.asking import asked_rows
from deeplake_labelbox.sync.emptying import empty_columns
from deeplake_labelbox.sync.new_videos import NewVideos
from deeplake_labelbox.sync.ontology_changes import (
    LabelColumn,
    columns_to_write,
    label_columns,
    rename_columns,
    said,
)
from deeplake_labelbox.sync.plan import Comparison, ExportedRows, SyncPlan
from deeplake_labelbox.sync.report import Change, SyncReport
from deeplake_labelbox.sync.settings import kept_mapping, kept_metadata, kept_selection, known_meta

if TYPE_CHECKING:
    import labelbox

    from deeplake_labelbox.video.source import UrlPresigner

logger = logging.getLogger(__name__)


class DatasetMovedError(Exception):
    """Somebody else committed to the branch in between."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncOptions:
    """The arguments of `sync_dataset` that concern one run."""

    prune: bool
    full: bool
    dry_run: bool
    fail_on_error: bool
    group_mapping: GroupMapping | None
    label_selection: LabelSelection | None
    data_filler: Mapping[str, Callable[..., object]] | None
    url_presigner: UrlPresigner | None
    progress: bool


class SyncRun:
    """Brings one branch of a dataset in step, in one commit.

    Args:
        dataset: The branch, without uncommitted changes.
        client: A Labelbox client.
        options: How.
        branch: Name of the branch, for the report.
    """

    def __init__(
        self,
        dataset: deeplake.Dataset,
        client: labelbox.Client,
        options: SyncOptions,
        branch: str,
    ) -> None:
        self._dataset = dataset
        self._options = options
        self._branch = branch
        self._begun = str(dataset.version)
        self._applied = AppliedLabels.read(dataset)
        self._meta = known_meta(dataset, self._applied)
        self._exporter = ProjectExporter(client, self._meta.project_id)
        self._selection = kept_selection(self._applied, options.label_selection)
        self._mapping = kept_mapping(self._applied, options.group_mapping)
        self._metadata = kept_metadata(self._applied)
        self._report = Report()

    def run(self) -> SyncReport:
        """Do it.

        Raises:
            DatasetMovedError: If somebody else committed; nothing was written.
            DeepLakeLabelboxError: See `sync_dataset`.
        """
        ontology = self._ask_for_ontology()
        words = [] if self._applied is None else said(self._applied.ontology, ontology)
        # Its path is told by an object without changes only.
        files = WrittenFiles.of(self._dataset) if words else None
        with uncommitted(self._dataset):
            before, gone = self._follow_renames(ontology)
            after = label_columns(self._layout(ontology, numbered=True), self._dataset)
            columns = columns_to_write(before, after, column_names(self._dataset))
            rows, listed = asked_rows(
                self._exporter,
                self._applied,
                self._meta,
                everything=self._options.full or bool(columns),
                progress=self._options.progress,
            )
            plan = self._compare(rows, columns)
            plan.changes[:0] = [Change("ontology changed", "", text) for text in words]
            left = self._left(listed, rows, plan)
            nothing = not (plan.changes or plan.to_write or plan.to_add)
            if nothing or self._options.dry_run:
                self._dataset.rollback()
                return self._reported(plan, rows)
            files = files or WrittenFiles.of(self._dataset)
            report = self._write(plan, rows, ontology, left, gone, files)
        # Outside, where nothing sets back metadata that is somebody else's now.
        if report is None:
            raise DatasetMovedError
        return report

    def _write(
        self,
        plan: SyncPlan,
        rows: ExportedRows,
        ontology: Ontology,
        left: frozenset[str],
        emptied: frozenset[str],
        files: WrittenFiles,
    ) -> SyncReport | None:
        """Write and commit; ``None``, with nothing written, if somebody else did in between."""
        length = len(self._dataset)
        videos = NewVideos(
            self._dataset,
            data_filler=self._options.data_filler,
            fail_on_error=self._options.fail_on_error,
            url_presigner=self._options.url_presigner,
            progress=self._options.progress,
            report=self._report,
        )
        meta = replace(self._meta, project_name=str(self._exporter.project.name))
        meta = videos.append(plan, rows, meta, files)
        added = len(self._dataset) - length
        converter = VideoProjectConverter(
            meta.project_id,
            self._dataset,
            rows.chosen(plan.to_write.keys()),
            ontology,
            group_mapping=self._mapping,
            fail_on_error=self._options.fail_on_error,
            metadata=self._metadata,
            label_selection=self._selection,
            mask_presigner=self._options.url_presigner,
            progress=self._options.progress,
            meta=meta,
        )
        converter.write_labels(plan.to_write, files=files)
        self._report = self._report.merge(converter.report)
        self._drop_repeated(plan)
        empty_columns(self._dataset, emptied, RowIndex(self._dataset, meta), meta)
        removed = self._prune(left, meta) if self._options.prune else 0
        self._note(plan, left)
        report = self._reported(plan, rows)
        if not plan.changes:
            self._dataset.rollback()
            return report
        # A second look at the branch: refreshing an object with changes would commit them.
        head = self._dataset.branches[self._dataset.current_branch.name].open()
        if str(head.version) != self._begun:
            self._dataset.rollback()
            return None
        if converter.track_ids is not None:
            converter.track_ids.save_next()
        self._dataset.commit(f"Sync Labelbox project {meta.project_name}: {report.summary}")
        files.check_written()
        _commit_meta(self._dataset, meta)
        return replace(
            report,
            rows_added=added,
            rows_removed=removed,
            committed=True,
            version=str(self._dataset.version),
        )

    # --- what Labelbox is asked ----------------------------------------------------------------

    def _ask_for_ontology(self) -> Ontology:
        project = self._exporter.project
        with labelbox_errors(f"reading the ontology of project {project.uid}"):
            ontology = project.ontology()
        if ontology is None:
            raise OntologyError(
                f"Project {project.uid} has no ontology any more; connect one in Labelbox."
            )
        return Ontology.of(ontology)

    # --- what differs --------------------------------------------------------------------------

    def _compare(self, rows: ExportedRows, columns: frozenset[str]) -> SyncPlan:
        frames = json.loads(self._meta.options)
        thinned = frames.keys() & {"frame_stride", "fps", "frame_ranges"}
        return Comparison(
            meta=self._meta,
            applied=self._applied,
            index=RowIndex(self._dataset, self._meta),
            columns=columns,
            label_selection=self._selection,
            expects_all_rows=not thinned,
        ).plan(rows)

    def _left(
        self, listed: frozenset[str] | None, rows: ExportedRows, plan: SyncPlan
    ) -> frozenset[str]:
        """The data rows that are not in the project any more; notes those that are news."""
        applied = self._applied
        if applied is None:
            return frozenset()
        before = frozenset(applied.left)
        gone = applied.labels.keys() - listed if listed is not None else before - set(rows.ids)
        names = {video.data_row_id: video.name for video in self._meta.videos}
        for data_row_id in sorted(gone, key=list(applied.labels).index):
            name = names.get(data_row_id, data_row_id)
            if self._options.prune:
                plan.changes.append(Change("video removed", data_row_id, name))
            elif data_row_id not in before:
                plan.changes.append(Change("video left the project", data_row_id, name))
        return frozenset(gone)

    # --- what is written -----------------------------------------------------------------------

    def _follow_renames(self, ontology: Ontology) -> tuple[dict[str, LabelColumn], frozenset[str]]:
        """Rename what the ontology renamed; the columns so far by the names they have then.

        Returns:
            Them, and the names of those whose features are gone.
        """
        if self._applied is None:
            return {}, frozenset()
        old = self._layout(self._applied.ontology, numbered=True)
        if said(self._applied.ontology, ontology):
            return rename_columns(self._dataset, old, self._layout(ontology, numbered=False))
        return label_columns(old, self._dataset), frozenset()

    def _layout(self, ontology: Ontology, *, numbered: bool) -> Layout:
        """The columns of an ontology; ``numbered`` with the classes that the dataset has."""
        dataset = self._dataset
        existing = set(column_names(dataset))
        reserved = {*BASE_COLUMNS, *(self._metadata.column_names if self._metadata else ())}
        reserved.update(name for name in existing if column_kind(dataset, name) is None)

        def class_names(column: str) -> tuple[str, ...]:
            return read_class_names(dataset, column) if numbered and column in existing else ()

        return make_layout(ontology, self._mapping, reserved=reserved, class_names=class_names)

    def _drop_repeated(self, plan: SyncPlan) -> None:
        """Take labels off the changes whose masks could not be had again."""
        before = self._applied.labels if self._applied else {}
        after = AppliedLabels.read(self._dataset)
        same = {
            key
            for key, label in (after.labels if after else {}).items()
            if label.incomplete and before.get(key) == label
        }
        plan.changes[:] = [
            change
            for change in plan.changes
            if change.what != "label corrected" or change.data_row_id not in same
        ]

    def _prune(self, left: frozenset[str], meta: LabelboxMeta) -> int:
        if left and not has_identity_columns(self._dataset):
            raise ConfigurationError(
                "prune needs the columns video_idx and frame_idx, which tell rows from each other; "
                "the dataset was made without them."
            )
        index = RowIndex(self._dataset, meta)
        rows = [index.rows_of(video).rows for video in meta.videos if video.data_row_id in left]
        gone = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *rows]))
        delete_rows(self._dataset, gone)
        return len(gone)

    def _note(self, plan: SyncPlan, left: frozenset[str]) -> None:
        """Keep until when the dataset is in step, and what left the project."""
        applied = AppliedLabels.read(self._dataset)
        if applied is None:
            raise DatasetError("The dataset has no column to keep its state in; make it again.")
        known = self._applied.last_activity if self._applied else None
        gone = left if self._options.prune else frozenset()
        replace(
            applied,
            last_activity=max(filter(None, (known, plan.last_activity)), default=None),
            labels={key: label for key, label in applied.labels.items() if key not in gone},
            videos=tuple(video for video in applied.videos if video.data_row_id not in gone),
            left=tuple(sorted(left - gone)),
        ).write(self._dataset)

    # --- the rest ------------------------------------------------------------------------------

    def _reported(self, plan: SyncPlan, rows: ExportedRows) -> SyncReport:
        gaps = [gap for outcome in plan.unmatched for gap in outcome.gaps]
        return SyncReport(
            project_id=self._meta.project_id,
            project_name=str(self._exporter.project.name),
            branch=self._branch,
            changes=tuple(plan.changes),
            gaps=(*gaps, *(gap for gap in self._report.gaps if gap not in gaps)),
            exported=len(rows),
            version=self._begun,
            dry_run=self._options.dry_run,
        )


def _commit_meta(dataset: deeplake.Dataset, meta: LabelboxMeta) -> None:
    """Write and commit what is new; a copy of a query has nothing of it yet."""
    try:
        known = LabelboxMeta.read(dataset)
    except DatasetMismatchError:
        known = None
    if known != meta:
        meta.write(dataset)
        dataset.commit()
