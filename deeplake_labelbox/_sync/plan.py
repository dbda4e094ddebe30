"""Which data rows differ between Labelbox and a dataset, told without writing anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final

from deeplake_labelbox._model.data_rows import data_row_name
from deeplake_labelbox._model.json_values import as_mapping, as_text
from deeplake_labelbox._model.labeled_frames import labeled_ranges
from deeplake_labelbox._model.labels import parse_label
from deeplake_labelbox._model.selection import LabelSelection, select_label
from deeplake_labelbox._store.applied_labels import (
    AppliedLabel,
    AppliedLabels,
    applied_label,
    last_activity,
)
from deeplake_labelbox._store.labelbox_meta import LabelboxMeta, VideoEntry
from deeplake_labelbox._store.row_index import RowIndex, VideoRows
from deeplake_labelbox._sync.report import Change, ChangeKind
from deeplake_labelbox.report import VideoOutcome

_DELETED = "its label changed, but its rows were deleted from the dataset"
# So many data rows are written while others wait; their masks may take a while.
_SHORT: Final = 4
_NO_ROWS = "labeled, but without rows in the dataset"


@dataclass(slots=True)
class SyncPlan:
    """What has to be done.

    Attributes:
        to_add: Ids of data rows whose videos are to be decoded and appended.
        to_retry: Ids of data rows whose videos are there only in part, and are decoded again.
        to_write: Ids of data rows that are there, and whose labels or details are to be written,
            each with the columns that are written; ``None`` for all of them.
        changes: What differs.
        unmatched: What cannot be brought in step, by data row.
        last_activity: Greatest time of a last activity among what was exported.
        known: Ids of the data rows that the dataset knew before.
    """

    to_add: list[str] = field(default_factory=list)
    to_retry: list[str] = field(default_factory=list)
    to_write: dict[str, frozenset[str] | None] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    unmatched: list[VideoOutcome] = field(default_factory=list)
    last_activity: str | None = None
    known: frozenset[str] = frozenset()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.changes or self.to_write or self.to_add or self.to_retry)

    @property
    def is_short(self) -> bool:
        """Whether it is soon done: a few labels, and no video to decode."""
        return len(self.to_write) <= _SHORT and not (self.to_add or self.to_retry)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a dataset has, to be compared with an export.

    Attributes:
        meta: What it knows of its project.
        applied: Which labels it holds, if any were applied.
        index: Its rows.
        columns: Columns whose values differ for labels that are the same.
        label_selection: Which of several labels of a data row counts.
        expects_all_rows: Whether every labeled frame of a video shall have a row.
        retry: Whether to try again videos that could not be had, or only in part.
    """

    meta: LabelboxMeta
    applied: AppliedLabels | None
    index: RowIndex
    columns: frozenset[str]
    label_selection: LabelSelection
    expects_all_rows: bool
    retry: bool

    def plan(self, rows: Iterable[Mapping[str, Any]]) -> SyncPlan:
        """Compare, data row by data row."""
        plan = SyncPlan(known=frozenset(self.applied.labels if self.applied else ()))
        moments = []
        for row in rows:
            moments.append(last_activity(row))
            self._compare(row, plan)
        plan.last_activity = max(filter(None, moments), default=None)
        return plan

    def _compare(self, row: Mapping[str, Any], plan: SyncPlan) -> None:
        data_row_id, name = str(row["data_row"]["id"]), data_row_name(row)
        selected = select_label(row, self.meta.project_id, self.label_selection)
        details = self.applied.row_details if self.applied else ()
        label = applied_label(row, self.meta.project_id, selected, self.label_selection, details)
        known = self.applied.labels.get(data_row_id) if self.applied else None
        entry = self.meta.entry(data_row_id)
        there = None if entry is None else self.index.rows_of(entry)
        if entry is None or there is None or not len(there.rows):
            self._compare_absent(data_row_id, name, entry, known, label, selected, plan)
            return
        if self.retry and entry.status == "partial":
            plan.to_retry.append(data_row_id)
        if self.applied is not None and data_row_id in self.applied.left:
            plan.changes.append(Change("video came back", data_row_id, name))
        kind = _kind(known, label)
        if kind is not None:
            plan.to_write[data_row_id] = frozenset() if kind == "details changed" else None
            before = "" if known is None or known.label_id is None else _said_of(known)
            plan.changes.append(Change(kind, data_row_id, name, before, _said(selected)))
        if known is None:
            # No label, and none applied: its details are told all the same.
            plan.to_write.setdefault(data_row_id, None)
        if self.columns and label.label_id is not None:
            chosen = plan.to_write.get(data_row_id, frozenset())
            plan.to_write[data_row_id] = None if chosen is None else chosen | self.columns
        if plan.to_write.get(data_row_id, frozenset()) is None and selected is not None:
            self._tell_lost(data_row_id, name, selected, there, plan)

    def _compare_absent(
        self,
        data_row_id: str,
        name: str,
        entry: VideoEntry | None,
        known: AppliedLabel | None,
        label: AppliedLabel,
        selected: Mapping[str, Any] | None,
        plan: SyncPlan,
    ) -> None:
        """Compare a data row that has no rows in the dataset."""
        if known is not None and entry is not None:
            if entry.status == "failed" and not self.retry:
                return
            if entry.status not in ("pending", "failed") and entry.chosen != ():
                if _kind(known, label) is not None:
                    outcome = VideoOutcome(data_row_id, name)
                    outcome.gap(_DELETED)
                    plan.unmatched.append(outcome)
                return
        # Not tried, not had, without a labeled frame when it was, or on another branch only.
        plan.to_add.append(data_row_id)
        plan.changes.append(Change("video added", data_row_id, name, "", _said(selected)))

    def _tell_lost(
        self,
        data_row_id: str,
        name: str,
        label: Mapping[str, Any],
        rows: VideoRows,
        plan: SyncPlan,
    ) -> None:
        """Labeled frames without rows: deleted, or not labeled when frames were chosen."""
        entry = self.meta.entry(data_row_id)
        if not self.expects_all_rows or entry is None or len(rows.frames) == entry.frame_count:
            return
        there = set(rows.frames.tolist())
        there.update(chain.from_iterable(range(a, b + 1) for a, b in entry.missing))
        labeled = {
            frame
            for first, last in labeled_ranges(parse_label(label))
            for frame in range(first, min(last, entry.frame_count) + 1)
        }
        outcome = VideoOutcome(data_row_id, name)
        for frame in sorted(labeled - there):
            outcome.gap(_NO_ROWS, frame)
        if outcome.gaps:
            plan.unmatched.append(outcome)


def _kind(known: AppliedLabel | None, label: AppliedLabel) -> ChangeKind | None:
    """What kind of change leads from the one to the other, if any."""
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


def _said(label: Mapping[str, Any] | None) -> str:
    if label is None:
        return ""
    details = as_mapping(label.get("label_details"))
    parts = [as_text(label.get("id")), as_text(details.get("content_last_updated_at"))]
    creator = as_text(details.get("created_by"))
    return ", ".join([*filter(None, parts), *([f"by {creator}"] if creator else [])])


def _said_of(known: AppliedLabel) -> str:
    return ", ".join(filter(None, (known.label_id, known.changed)))
