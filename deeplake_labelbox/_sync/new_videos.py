"""Decode and append videos that joined the project, with the options of the dataset."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any, Final

import deeplake
import numpy as np

from deeplake_labelbox._counts import counted
from deeplake_labelbox._jobs.video_appender import PendingVideo, VideoAppender
from deeplake_labelbox._store.columns import column_names, has_identity_columns
from deeplake_labelbox._store.frame_selection import FrameSelection
from deeplake_labelbox._store.frames.filler import FillerStore
from deeplake_labelbox._store.frames.registry import StorageOptions
from deeplake_labelbox._store.frames.store import FrameStore
from deeplake_labelbox._store.labelbox_meta import LabelboxMeta, VideoEntry
from deeplake_labelbox._store.resume import delete_rows, rows_of_video, without_rows
from deeplake_labelbox._store.selected_rows import SelectedRows
from deeplake_labelbox._store.written_files import WrittenFiles
from deeplake_labelbox._sync.plan import SyncOptions, SyncPlan
from deeplake_labelbox._sync.report import Change, ChangeKind
from deeplake_labelbox._sync.state import DatasetState
from deeplake_labelbox.report import Report, VideoOutcome

_BATCH_SIZE: Final = 100

_NEEDS_FILLER: Final = (
    "the video is new and the dataset was created with a data filler; pass `data_filler` to add it"
)


@dataclass(frozen=True, slots=True)
class AppendedVideos:
    """The videos that were appended, without a commit.

    Attributes:
        meta: Metadata of the dataset with the videos.
        plan: The plan, updated with the outcome of its videos.
        report: The outcome of each video.
        appender: The appender that was used; ``None`` if there was no video.
    """

    meta: LabelboxMeta
    plan: SyncPlan
    report: Report
    appender: VideoAppender | None = None

    def publish(self, dataset: deeplake.Dataset) -> None:
        """Commit the data outside the rows, right before the rows are committed."""
        if self.appender is not None:
            self.appender.publish(dataset, self.meta)


def append_videos(
    dataset: deeplake.Dataset,
    state: DatasetState,
    plan: SyncPlan,
    rows: SelectedRows,
    options: SyncOptions,
    files: WrittenFiles,
) -> AppendedVideos:
    """Decode and append the new and incomplete videos of a plan, without a commit.

    Args:
        dataset: The dataset, which is complete.
        state: The dataset at the start of the sync.
        plan: The plan.
        rows: The exported data rows.
        options: The options of the sync.
        files: Checks that Deep Lake's files were written.

    Raises:
        VideoError: If ``fail_on_error``, for the first video that cannot be fully decoded.
        DatasetError: If Deep Lake fails.
        ClusterError: If the Ray cluster cannot be reached, or its workers cannot run the job.
    """
    meta = state.meta
    if not plan.to_add and not plan.to_retry:
        return AppendedVideos(meta, plan, Report())
    store = _frame_store(dataset, meta, options)
    if store is None:
        return AppendedVideos(meta, *_without_filler(plan, rows))
    report = Report()
    options.engine.connect(options.url_presigner)
    appender = VideoAppender(
        meta.project_id,
        store,
        selection=FrameSelection.of_options(json.loads(meta.options)),
        fail_on_error=options.fail_on_error,
        url_presigner=options.url_presigner,
        batch_size=_BATCH_SIZE,
        progress=options.progress,
        report=report,
        engine=options.engine,
    )
    chosen = rows.chosen([*plan.to_add, *plan.to_retry])
    meta = meta.with_data_rows([(row.data_row_id, row.name) for row in chosen])
    entries = {entry.data_row_id: entry for entry in meta.videos}
    videos = [
        _with_its_frames(appender.pending(entries[row.data_row_id], row.row), state.meta)
        for row in chosen
    ]
    for appended in appender.append(dataset, videos, files):
        meta = meta.with_video(appended.entry)
    meta, plan = _replace_incomplete(dataset, state.meta, meta, plan)
    return AppendedVideos(meta, _with_added(plan, state, meta), report, appender)


def _frame_store(
    dataset: deeplake.Dataset, meta: LabelboxMeta, options: SyncOptions
) -> FrameStore[Any] | None:
    """Return the frame store of the dataset; ``None`` if it needs a missing data filler."""
    if options.data_filler is not None:
        return FillerStore(options.data_filler)
    storage = StorageOptions.of(json.loads(meta.options))
    storage = replace(storage, verify_frames=options.verify_frames)
    store = storage.store(batch_size=_BATCH_SIZE)
    return store if set(store.columns) <= set(column_names(dataset)) else None


def _without_filler(plan: SyncPlan, rows: SelectedRows) -> tuple[SyncPlan, Report]:
    """Report new videos that cannot be added without a data filler."""
    report = Report()
    for row in rows.chosen(plan.to_add):
        outcome = VideoOutcome(row.data_row_id, row.name)
        outcome.gap(_NEEDS_FILLER)
        report.videos.append(outcome)
    changes = (change for change in plan.changes if change.data_row_id not in plan.to_add)
    return replace(plan, changes=tuple(changes)), report


def _replace_incomplete(
    dataset: deeplake.Dataset, known: LabelboxMeta, meta: LabelboxMeta, plan: SyncPlan
) -> tuple[LabelboxMeta, SyncPlan]:
    """Keep the rows of the better attempt of each video that was decoded again."""
    deleted = np.zeros(0, dtype=np.int64)
    improved: dict[str, Change] = {}
    for data_row_id in plan.to_retry:
        before, after = known.entry(data_row_id), meta.entry(data_row_id)
        if before is None or after is None:
            continue
        new = np.arange(after.first_row, after.first_row + after.rows)
        if (_decoded(after), after.rows) > (_decoded(before), before.rows):
            deleted = np.union1d(deleted, np.setdiff1d(rows_of_video(dataset, before), new))
            count = _decoded if after.rows == before.rows else attrgetter("rows")
            counts = (counted(count(before), "frame"), counted(count(after), "frame"))
            change = Change("video has more frames", data_row_id, after.name, *counts)
            improved[data_row_id] = change
        else:
            deleted = np.union1d(deleted, new)
            meta = meta.with_video(before)
    plan = replace(
        plan,
        to_write={**plan.to_write, **dict.fromkeys(improved)},
        changes=(*plan.changes, *improved.values()),
        unmatched=tuple(each for each in plan.unmatched if each.data_row_id not in improved),
    )
    if not len(deleted):
        return meta, plan
    delete_rows(dataset, deleted)
    # With identity columns, positions do not matter; and few changes keep the metadata short.
    return meta if has_identity_columns(dataset) else without_rows(meta, deleted), plan


def _with_added(plan: SyncPlan, state: DatasetState, meta: LabelboxMeta) -> SyncPlan:
    """Plan the labels of added videos; report a failed video only once."""
    applied = state.applied.labels if state.applied is not None else {}
    to_write = dict(plan.to_write)
    outcomes: dict[str, ChangeKind | None] = {}
    for data_row_id in plan.to_add:
        entry = meta.entry(data_row_id)
        has_rows = entry is None or entry.rows
        if has_rows or data_row_id not in applied:
            to_write[data_row_id] = None
        if not has_rows and data_row_id in applied:
            outcomes[data_row_id] = None  # as the last time
        elif entry is not None and not entry.rows and entry.status == "failed":
            outcomes[data_row_id] = "video failed"
    changes = []
    for change in plan.changes:
        what = outcomes.get(change.data_row_id, change.what)
        if what is not None:
            changes.append(replace(change, what=what))
    return replace(plan, to_write=to_write, changes=tuple(changes))


def _with_its_frames(video: PendingVideo, known: LabelboxMeta) -> PendingVideo:
    """Also select the frames that have rows already, even if they are no longer labeled."""
    before, ranges = known.entry(video.entry.data_row_id), video.choice.ranges
    if before is None or not before.chosen or ranges is None:
        return video
    there = ((n, n) for first, last, step in before.chosen for n in range(first, last + 1, step))
    return replace(video, choice=replace(video.choice, ranges=(*ranges, *there)))


def _decoded(entry: VideoEntry) -> int:
    """Number of frames that were decoded, with or without rows."""
    return entry.frame_count - sum(last - first + 1 for first, last in entry.missing)
