"""One run of a sync: read the state, export, plan, write, commit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import deeplake

from deeplake_labelbox._labelbox.client import labelbox_errors
from deeplake_labelbox._labelbox.exporter import ProjectExporter
from deeplake_labelbox._model.ontology import Ontology
from deeplake_labelbox._steps import steps
from deeplake_labelbox._store.selected_rows import SelectedRows
from deeplake_labelbox._store.transaction import has_changes, uncommitted
from deeplake_labelbox._store.written_files import WrittenFiles
from deeplake_labelbox._sync.changed_rows import export_changed_rows
from deeplake_labelbox._sync.commit_lock import CommitLock
from deeplake_labelbox._sync.ontology_migration import migrate_columns
from deeplake_labelbox._sync.plan import SyncOptions, SyncPlan, plan_sync
from deeplake_labelbox._sync.report import SyncReport
from deeplake_labelbox._sync.state import DatasetState, head_of
from deeplake_labelbox._sync.writing import WrittenSync, write
from deeplake_labelbox.errors import OntologyError
from deeplake_labelbox.report import Report

if TYPE_CHECKING:
    import labelbox


class DatasetMovedError(Exception):
    """Another process committed to the dataset during the run."""


class SyncRun:
    """Updates one branch of a dataset, in one commit.

    Args:
        dataset: The branch, without uncommitted changes.
        client: A Labelbox client.
        options: The options of the sync.
        lock: The lock that a commit needs.
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
        """Run the sync.

        Raises:
            DatasetMovedError: If another process committed; nothing was written.
            DeepLakeLabelboxError: See `sync_dataset`.
        """
        state, options, dataset = self._state, self._options, self._dataset
        ontology = self._read_ontology()
        steps.info("Comparing branch %s with Labelbox", self._branch)
        # Before columns change, because only an object without changes has its path.
        changes_columns = state.applied is not None and state.applied.ontology != ontology
        files = WrittenFiles.of(dataset) if changes_columns else None
        with uncommitted(dataset):
            columns = migrate_columns(dataset, state, ontology)
            everything = options.full or bool(columns.to_write) or state.selects_otherwise
            rows, listed = export_changed_rows(
                self._exporter, state, options, everything=everything
            )
            details = state.applied.row_details if state.applied is not None else ()
            selected = SelectedRows(rows, state.meta.project_id, state.label_selection, details)
            plan = plan_sync(state, selected, listed, ontology, columns, options)
            if plan.is_empty or options.dry_run:
                dataset.rollback()
                return self._report(plan)
            files = files or WrittenFiles.of(dataset)
            is_short = plan.is_short and not has_changes(dataset)
            report = None if is_short else self._write_then_lock(plan, selected, files)
        if is_short:
            report = self._lock_then_write(plan, selected, files)
        # Outside of `uncommitted`, which would restore metadata that another process has replaced.
        if report is None:
            raise DatasetMovedError
        return report

    def _write_then_lock(
        self, plan: SyncPlan, rows: SelectedRows, files: WrittenFiles
    ) -> SyncReport | None:
        """Write without the commit lock; hold it only to commit. ``None`` if others committed."""
        written = self._write(plan, rows, files)
        if not written.plan.changes:
            return self._roll_back(written)
        # Refreshing an object with changes would commit them, so another object reads the branch.
        head = self._dataset.branches[self._dataset.current_branch.name].open()
        with self._lock.hold(head):
            if head_of(head) != self._state.head:
                self._dataset.rollback()
                return None
            return self._commit(written, files)

    def _lock_then_write(
        self, plan: SyncPlan, rows: SelectedRows, files: WrittenFiles
    ) -> SyncReport | None:
        """Hold the lock for a short write too, which saves opening the branch again."""
        with self._lock.hold(self._dataset):
            if head_of(self._dataset) != self._state.head:
                return None
            with uncommitted(self._dataset):
                written = self._write(plan, rows, files)
                if not written.plan.changes:
                    return self._roll_back(written)
                return self._commit(written, files)

    def _write(self, plan: SyncPlan, rows: SelectedRows, files: WrittenFiles) -> WrittenSync:
        name = str(self._exporter.project.name)
        return write(self._dataset, self._state, plan, rows, name, self._options, files)

    def _commit(self, written: WrittenSync, files: WrittenFiles) -> SyncReport:
        report = self._report(written.plan, written.report)
        written.save_shared(self._dataset)
        self._dataset.commit(f"Sync Labelbox project {report.project_name}: {report.summary}")
        files.check_written()
        return replace(
            report,
            rows_added=written.rows_added,
            rows_removed=written.rows_removed,
            committed=True,
            version=str(self._dataset.version),
        )

    def _roll_back(self, written: WrittenSync) -> SyncReport:
        """Discard the written values, because nothing differs."""
        self._dataset.rollback()
        return self._report(written.plan, written.report)

    def _read_ontology(self) -> Ontology:
        project = self._exporter.project
        with labelbox_errors(f"reading the ontology of project {project.uid}"):
            ontology = project.ontology()
        if ontology is None:
            raise OntologyError(
                f"Project {project.uid} no longer has an ontology; connect one in Labelbox."
            )
        return Ontology.of(ontology)

    def _report(self, plan: SyncPlan, written: Report | None = None) -> SyncReport:
        gaps = [gap for outcome in plan.unmatched for gap in outcome.gaps]
        more = () if written is None else written.gaps
        return SyncReport(
            project_id=self._state.meta.project_id,
            project_name=str(self._exporter.project.name),
            branch=self._branch,
            changes=plan.changes,
            gaps=(*gaps, *(gap for gap in more if gap not in gaps)),
            exported=plan.exported,
            version=self._state.version,
            dry_run=self._options.dry_run,
        )
