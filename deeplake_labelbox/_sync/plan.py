"""Compare an export with a dataset, and plan what a sync writes, without writing anything."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final

from deeplake_labelbox._jobs.engine import Engine
from deeplake_labelbox._model.json_values import as_mapping, as_text
from deeplake_labelbox._model.labels import parse_label
from deeplake_labelbox._model.ontology import Ontology
from deeplake_labelbox._model.selection import LabelSelection
from deeplake_labelbox._model.visibility import labeled_ranges
from deeplake_labelbox._store.applied_labels import AppliedLabel
from deeplake_labelbox._store.labelbox_meta import VideoEntry
from deeplake_labelbox._store.row_index import VideoRows
from deeplake_labelbox._store.selected_rows import SelectedRow
from deeplake_labelbox._sync.ontology_migration import ColumnChanges
from deeplake_labelbox._sync.report import Change, ChangeKind
from deeplake_labelbox._sync.state import DatasetState
from deeplake_labelbox._video.access import UrlPresigner
from deeplake_labelbox.report import VideoOutcome

_DELETED: Final = "its label changed, but its rows were deleted from the dataset"
_NO_ROWS: Final = "labeled, but without rows in the dataset"
# Up to this many data rows are written while other syncs wait; more may take too long.
_SHORT: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncOptions:
    """The arguments of `sync_dataset` that concern one run."""

    full: bool
    retry: bool
    prune: bool
    dry_run: bool
    fail_on_error: bool
    group_mapping: Mapping[str, str] | None
    label_selection: LabelSelection | None
    data_filler: Mapping[str, Callable[..., object]] | None
    url_presigner: UrlPresigner | None
    verify_frames: bool
    progress: bool
    engine: Engine


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncPlan:
    """The changes that a sync writes.

    Attributes:
        to_add: Ids of data rows whose videos are decoded and appended.
        to_retry: Ids of data rows whose videos are incomplete and are decoded again.
        to_write: Ids of data rows whose labels or details are written, each with the label columns
            to write; ``None`` for all of them.
        changes: The differences, for the report and the commit message.
        unmatched: Labels that have no rows to be written to, by data row.
        removed_data_rows: Ids of data rows that are no longer in the project.
        last_activity: Time of the last activity among the exported data rows.
        exported: Number of exported data rows.
        ontology: The ontology of the project.
        deleted_columns: Columns whose features were deleted.
    """

    to_add: tuple[str, ...]
    to_retry: tuple[str, ...]
    to_write: Mapping[str, frozenset[str] | None]
    changes: tuple[Change, ...]
    unmatched: tuple[VideoOutcome, ...]
    removed_data_rows: frozenset[str]
    last_activity: str | None
    exported: int
    ontology: Ontology
    deleted_columns: frozenset[str]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.changes or self.to_write or self.to_add or self.to_retry)

    @property
    def is_short(self) -> bool:
        """Whether it is quick to write: a few labels, and no video to decode."""
        return len(self.to_write) <= _SHORT and not (self.to_add or self.to_retry)


def plan_sync(
    state: DatasetState,
    rows: Iterable[SelectedRow],
    listed: Collection[str] | None,
    ontology: Ontology,
    columns: ColumnChanges,
    options: SyncOptions,
) -> SyncPlan:
    """Compare the exported data rows with a dataset.

    Args:
        state: The dataset at the start of the sync.
        rows: The exported data rows.
        listed: Ids of all data rows of the project; ``None`` if no known one left it.
        ontology: The ontology of the project.
        columns: The changes of columns that follow from it.
        options: The options of the sync.
    """
    comparison = _PlanBuilder(state, columns.to_write, retry=options.retry)
    activities: dict[str, str | None] = {}
    for row in rows:
        activities[row.data_row_id] = row.last_activity
        comparison.compare(row)
    removed = _removed_data_rows(state, listed, activities)
    return SyncPlan(
        to_add=tuple(comparison.to_add),
        to_retry=tuple(comparison.to_retry),
        to_write=comparison.to_write,
        changes=(
            *(Change("ontology changed", "", text) for text in columns.words),
            *comparison.changes,
            *_changes_of_removed(state, removed, prune=options.prune),
        ),
        unmatched=tuple(comparison.unmatched),
        removed_data_rows=removed,
        last_activity=max(filter(None, activities.values()), default=None),
        exported=len(activities),
        ontology=ontology,
        deleted_columns=columns.deleted,
    )


@dataclass(slots=True)
class _PlanBuilder:
    """Collects the parts of a `SyncPlan`."""

    state: DatasetState
    columns: frozenset[str]
    retry: bool = field(kw_only=True)
    to_add: list[str] = field(default_factory=list)
    to_retry: list[str] = field(default_factory=list)
    to_write: dict[str, frozenset[str] | None] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    unmatched: list[VideoOutcome] = field(default_factory=list)

    def compare(self, row: SelectedRow) -> None:
        """Compare one data row."""
        data_row_id, content = row.data_row_id, row.content
        applied = self.state.applied
        known = applied.labels.get(data_row_id) if applied is not None else None
        entry = self.state.meta.entry(data_row_id)
        rows = None if entry is None else self.state.index.rows_of(entry)
        if entry is None or rows is None or not len(rows.rows):
            self._compare_absent(row, entry, known)
            return
        if self.retry and entry.status == "partial":
            self.to_retry.append(data_row_id)
        if applied is not None and data_row_id in applied.removed_data_rows:
            self.changes.append(Change("video came back", data_row_id, row.name))
        kind = _kind(known, content)
        if kind is not None:
            self.to_write[data_row_id] = frozenset() if kind == "details changed" else None
            before = "" if known is None or known.label_id is None else _description_of(known)
            self.changes.append(
                Change(kind, data_row_id, row.name, before, _description(row.label))
            )
        if known is None:
            # Without a label as well, the columns ``lb_meta/*`` are written.
            self.to_write.setdefault(data_row_id, None)
        if self.columns and content.label_id is not None:
            chosen = self.to_write.get(data_row_id, frozenset())
            self.to_write[data_row_id] = None if chosen is None else chosen | self.columns
        if row.label is not None and self.to_write.get(data_row_id, frozenset()) is None:
            self._report_missing_rows(row, row.label, entry, rows)

    def _compare_absent(
        self, row: SelectedRow, entry: VideoEntry | None, known: AppliedLabel | None
    ) -> None:
        """Compare a data row that has no rows in the dataset."""
        if known is not None and entry is not None:
            if entry.status == "failed" and not self.retry:
                return
            if entry.status not in ("pending", "failed") and entry.chosen != ():
                if _kind(known, row.content) is not None:
                    outcome = VideoOutcome(row.data_row_id, row.name)
                    outcome.gap(_DELETED)
                    self.unmatched.append(outcome)
                return
        # It is new, pending or failed, none of its frames was selected, or its rows are on another
        # branch.
        self.to_add.append(row.data_row_id)
        change = Change("video added", row.data_row_id, row.name, "", _description(row.label))
        self.changes.append(change)

    def _report_missing_rows(
        self, row: SelectedRow, label: Mapping[str, Any], entry: VideoEntry, rows: VideoRows
    ) -> None:
        """Report labeled frames without rows: deleted, or not labeled when frames were selected."""
        thinned = json.loads(self.state.meta.options).keys() & {
            "frame_stride",
            "fps",
            "frame_ranges",
        }
        if thinned or len(rows.frames) == entry.frame_count:
            return
        there = set(rows.frames.tolist())
        there.update(chain.from_iterable(range(a, b + 1) for a, b in entry.missing))
        labeled = {
            frame
            for first, last in labeled_ranges(parse_label(label))
            for frame in range(first, min(last, entry.frame_count) + 1)
        }
        outcome = VideoOutcome(row.data_row_id, row.name)
        for frame in sorted(labeled - there):
            outcome.gap(_NO_ROWS, frame)
        if outcome.gaps:
            self.unmatched.append(outcome)


def _removed_data_rows(
    state: DatasetState, listed: Collection[str] | None, exported: Collection[str]
) -> frozenset[str]:
    """Return the data rows that are no longer in the project."""
    if state.applied is None:
        return frozenset()
    if listed is None:
        return frozenset(state.applied.removed_data_rows) - frozenset(exported)
    return frozenset(state.applied.labels.keys() - frozenset(listed))


def _changes_of_removed(
    state: DatasetState, removed: frozenset[str], *, prune: bool
) -> Iterable[Change]:
    """Yield the changes for data rows that left the project, in the order of the dataset."""
    if state.applied is None:
        return
    names = {video.data_row_id: video.name for video in state.meta.videos}
    for data_row_id in (key for key in state.applied.labels if key in removed):
        name = names.get(data_row_id, data_row_id)
        if prune:
            yield Change("video removed", data_row_id, name)
        elif data_row_id not in state.applied.removed_data_rows:
            yield Change("video left the project", data_row_id, name)


def _kind(known: AppliedLabel | None, label: AppliedLabel) -> ChangeKind | None:
    """Return the kind of change from the applied label; ``None`` if there is no change."""
    before = known or AppliedLabel(details=label.details)
    if before.label_id is None and before.changed is None:
        if label.label_id is not None or label.changed is not None:
            return "label added"
    elif label.label_id is None and label.changed is None:
        return "label removed"
    elif before.incomplete or (before.label_id, before.changed) != (label.label_id, label.changed):
        return "label corrected"
    elif before.others != label.others:
        return "label of an annotator changed"
    return None if before.details == label.details else "details changed"


def _description(label: Mapping[str, Any] | None) -> str:
    """Describe a label by its id, version and annotator."""
    if label is None:
        return ""
    details = as_mapping(label.get("label_details"))
    parts = [as_text(label.get("id")), as_text(details.get("content_last_updated_at"))]
    creator = as_text(details.get("created_by"))
    return ", ".join([*filter(None, parts), *([f"by {creator}"] if creator else [])])


def _description_of(known: AppliedLabel) -> str:
    return ", ".join(filter(None, (known.label_id, known.changed)))
