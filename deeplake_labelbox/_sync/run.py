"""One run: ask Labelbox, compare, write, commit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import deeplake

from deeplake_labelbox._labelbox.client import labelbox_errors
from deeplake_labelbox._labelbox.exporter import ProjectExporter
from deeplake_labelbox._model.ontology import Ontology
from deeplake_labelbox._model.selection import LabelSelection
from deeplake_labelbox._steps import steps
from deeplake_labelbox._store.transaction import uncommitted
from deeplake_labelbox._store.written_files import WrittenFiles
from deeplake_labelbox._sync.branches import has_changes
from deeplake_labelbox._sync.changed_rows import ExportedRows, export_changed_rows
from deeplake_labelbox._sync.commit_lock import CommitLock
from deeplake_labelbox._sync.ontology_migration import ColumnChanges, migrate_columns
from deeplake_labelbox._sync.plan import Comparison, SyncPlan
from deeplake_labelbox._sync.report import Change, SyncReport
from deeplake_labelbox._sync.state import DatasetState, head_of
from deeplake_labelbox._sync.writing import WriteOptions, Written, write
from deeplake_labelbox.errors import OntologyError
from deeplake_labelbox.report import Report

if TYPE_CHECKING:
    import labelbox


class DatasetMovedError(Exception):
    """Somebody else committed in between."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncOptions:
    """The arguments of `sync_dataset` that concern one run."""

    full: bool
    retry: bool
    dry_run: bool
    group_mapping: Mapping[str, str] | None
    label_selection: LabelSelection | None
    writing: WriteOptions


@dataclass(frozen=True, slots=True)
class _Job:
    """What is to be written."""

    ontology: Ontology
    columns: ColumnChanges
    rows: ExportedRows
    plan: SyncPlan
    left: frozenset[str]
    files: WrittenFiles


class SyncRun:
    """Brings one branch of a dataset in step, in one commit.

    Args:
        dataset: The branch, without uncommitted changes.
        client: A Labelbox client.
        options: How.
        lock: How the run takes its turn among syncs on other machines.
        branch: Name of the branch, for the report.
    """

    def __init__(
        self,
        dataset: deeplake.Dataset,
        client: labelbox.Client,
        options: SyncOptions,
        lock: CommitLock,
        branch: str,
    ) -> None:
        self._dataset = dataset
        self._options = options
        self._lock = lock
        self._branch = branch
        self._state = DatasetState.read(dataset, options.group_mapping, options.label_selection)
        self._exporter = ProjectExporter(client, self._state.meta.project_id)

    def run(self) -> SyncReport:
        """Do it.

        Raises:
            DatasetMovedError: If somebody else committed; nothing was written.
            DeepLakeLabelboxError: See `sync_dataset`.
        """
        ontology = self._ask_for_ontology()
        steps.info("Comparing branch %s with Labelbox", self._branch)
        # Its path is told by an object without changes only.
        applied = self._state.applied
        files = None
        if applied is not None and applied.ontology != ontology:
            files = WrittenFiles.of(self._dataset)
        with uncommitted(self._dataset):
            columns = migrate_columns(self._dataset, self._state, ontology)
            rows, listed = export_changed_rows(
                self._exporter,
                self._state.applied,
                self._state.meta,
                everything=(
                    self._options.full or bool(columns.to_write) or self._state.selects_otherwise
                ),
                retry=self._options.retry,
                progress=self._options.writing.progress,
            )
            plan = self._compare(rows, columns)
            left = self._left(listed, rows, plan)
            if plan.is_empty or self._options.dry_run:
                self._dataset.rollback()
                return self._reported(plan, rows)
            files = files or WrittenFiles.of(self._dataset)
            job = _Job(ontology, columns, rows, plan, left, files)
            is_short = plan.is_short and not has_changes(self._dataset)
            report = None if is_short else self._write_and_take_turn(job)
        if is_short:
            report = self._take_turn_and_write(job)
        # Outside, where nothing sets back metadata that is somebody else's now.
        if report is None:
            raise DatasetMovedError
        return report

    # --- what is written -----------------------------------------------------------------------

    def _write_and_take_turn(self, job: _Job) -> SyncReport | None:
        """Decode and write at leisure, and let others wait for the commit only."""
        written = self._write(job)
        if not job.plan.changes:
            return self._commit(job, written, self._state.head)  # which there is nothing for
        # Refreshing an object with changes would commit them: another one looks at the branch.
        head = self._dataset.branches[self._dataset.current_branch.name].open()
        with self._lock.hold(head):
            return self._commit(job, written, head_of(head))

    def _take_turn_and_write(self, job: _Job) -> SyncReport | None:
        """Let others wait for all of it, which saves opening the branch once more."""
        with self._lock.hold(self._dataset):
            head = head_of(self._dataset)
            with uncommitted(self._dataset):
                return self._commit(job, self._write(job), head)

    def _write(self, job: _Job) -> Written:
        return write(
            self._dataset,
            self._state,
            self._options.writing,
            plan=job.plan,
            rows=job.rows,
            ontology=job.ontology,
            project_name=str(self._exporter.project.name),
            left=job.left,
            gone=job.columns.deleted,
            files=job.files,
        )

    def _commit(self, job: _Job, written: Written, head: tuple[str, ...]) -> SyncReport | None:
        """Commit, if there is anything to; ``None`` if somebody else did so meanwhile."""
        report = self._reported(job.plan, job.rows, written.report)
        if head != self._state.head or not report.changes:
            self._dataset.rollback()
            return report if head == self._state.head else None
        written.save_shared()
        self._dataset.commit(f"Sync Labelbox project {written.meta.project_name}: {report.summary}")
        job.files.check_written()
        return replace(
            report,
            rows_added=written.rows_added,
            rows_removed=written.rows_removed,
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

    def _compare(self, rows: ExportedRows, columns: ColumnChanges) -> SyncPlan:
        frames = json.loads(self._state.meta.options)
        thinned = frames.keys() & {"frame_stride", "fps", "frame_ranges"}
        plan = Comparison(
            meta=self._state.meta,
            applied=self._state.applied,
            index=self._state.index,
            columns=columns.to_write,
            label_selection=self._state.label_selection,
            expects_all_rows=not thinned,
            retry=self._options.retry,
        ).plan(rows)
        plan.changes[:0] = [Change("ontology changed", "", text) for text in columns.words]
        return plan

    def _left(
        self, listed: frozenset[str] | None, rows: ExportedRows, plan: SyncPlan
    ) -> frozenset[str]:
        """The data rows that are not in the project any more; notes those that are news."""
        applied = self._state.applied
        if applied is None:
            return frozenset()
        before = frozenset(applied.left)
        gone = applied.labels.keys() - listed if listed is not None else before - set(rows.ids)
        names = {video.data_row_id: video.name for video in self._state.meta.videos}
        for data_row_id in sorted(gone, key=list(applied.labels).index):
            name = names.get(data_row_id, data_row_id)
            if self._options.writing.prune:
                plan.changes.append(Change("video removed", data_row_id, name))
            elif data_row_id not in before:
                plan.changes.append(Change("video left the project", data_row_id, name))
        return frozenset(gone)

    # --- the rest ------------------------------------------------------------------------------

    def _reported(
        self, plan: SyncPlan, rows: ExportedRows, written: Report | None = None
    ) -> SyncReport:
        gaps = [gap for outcome in plan.unmatched for gap in outcome.gaps]
        more = () if written is None else written.gaps
        return SyncReport(
            project_id=self._state.meta.project_id,
            project_name=str(self._exporter.project.name),
            branch=self._branch,
            changes=tuple(plan.changes),
            gaps=(*gaps, *(gap for gap in more if gap not in gaps)),
            exported=len(rows),
            version=self._state.version,
            dry_run=self._options.dry_run,
        )
