"""Videos that joined the project: decoded and appended as the dataset was made."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import deeplake
import numpy as np

from deeplake_labelbox._counts import counted
from deeplake_labelbox._jobs.video_appender import PendingVideo, VideoAppender
from deeplake_labelbox._model.data_rows import data_row_name
from deeplake_labelbox._store.columns import column_names, has_identity_columns
from deeplake_labelbox._store.frame_selection import FrameSelection
from deeplake_labelbox._store.frames.filler import FillerStore
from deeplake_labelbox._store.frames.registry import StorageOptions
from deeplake_labelbox._store.frames.store import FrameStore
from deeplake_labelbox._store.labelbox_meta import LabelboxMeta, VideoEntry
from deeplake_labelbox._store.resume import delete_rows, rows_of_video, without_rows
from deeplake_labelbox._store.written_files import WrittenFiles
from deeplake_labelbox._sync.changed_rows import ExportedRows
from deeplake_labelbox._sync.plan import SyncPlan
from deeplake_labelbox._sync.report import Change
from deeplake_labelbox.report import Report, VideoOutcome

if TYPE_CHECKING:
    from deeplake_labelbox._video.access import UrlPresigner

_BATCH_SIZE: Final = 100

_NEEDS_FILLER: Final = (
    "the video is new, and the dataset was made with a data filler; pass data_filler to add it"
)


class NewVideos:
    """Appends videos to a dataset that is complete, without a commit.

    Args:
        dataset: The dataset.
        data_filler: The functions that make rows, where the dataset was made with a data filler.
        fail_on_error: Raise at the first video that cannot be had whole.
        url_presigner: Gives access to private videos.
        verify_frames: Whether videos that are only copied are decoded once.
        progress: Whether to show a progress bar.
    """

    def __init__(
        self,
        dataset: deeplake.Dataset,
        *,
        data_filler: Mapping[str, Callable[..., object]] | None,
        fail_on_error: bool,
        url_presigner: UrlPresigner | None,
        verify_frames: bool,
        progress: bool,
    ) -> None:
        self._dataset = dataset
        self._data_filler = data_filler
        self._fail_on_error = fail_on_error
        self._url_presigner = url_presigner
        self._verify_frames = verify_frames
        self._progress = progress
        self._appender: VideoAppender | None = None

    def publish(self, meta: LabelboxMeta) -> None:
        """Commit what stands elsewhere than in the rows; see `FrameStore.publish`."""
        if self._appender is not None:
            self._appender.publish(self._dataset, meta)

    def append(
        self, plan: SyncPlan, rows: ExportedRows, known: LabelboxMeta, files: WrittenFiles
    ) -> tuple[LabelboxMeta, Report]:
        """Decode and append what the plan says; afterwards it says what to do with the rows.

        Args:
            plan: The plan.
            rows: What was exported.
            known: What the dataset knows of its project.
            files: Watches the disk.

        Returns:
            What it knows then, and what became of the videos.
        """
        report = Report()
        chosen = rows.chosen([*plan.to_add, *plan.to_retry])
        if not len(chosen):
            return known, report
        store = self._frame_store(known)
        if store is None:
            for row in rows.chosen(plan.to_add):
                outcome = VideoOutcome(str(row["data_row"]["id"]), data_row_name(row))
                outcome.gap(_NEEDS_FILLER)
                report.videos.append(outcome)
            plan.changes[:] = [c for c in plan.changes if c.data_row_id not in plan.to_add]
            return known, report
        self._appender = appender = VideoAppender(
            known.project_id,
            store,
            selection=FrameSelection.of_options(json.loads(known.options)),
            fail_on_error=self._fail_on_error,
            url_presigner=self._url_presigner,
            batch_size=_BATCH_SIZE,
            progress=self._progress,
            report=report,
        )
        names = [(str(row["data_row"]["id"]), data_row_name(row)) for row in chosen]
        meta = known.with_data_rows(names)
        entries = {entry.data_row_id: entry for entry in meta.videos}
        videos = [
            _with_its_frames(appender.pending(entries[str(row["data_row"]["id"])], row), known)
            for row in chosen
        ]
        for appended in appender.append(self._dataset, videos, files):
            meta = meta.with_video(appended.entry)
        for data_row_id in plan.to_add:
            _follow_outcome(plan, meta, data_row_id)
        return self._replaced(plan, known, meta), report

    def _replaced(self, plan: SyncPlan, known: LabelboxMeta, meta: LabelboxMeta) -> LabelboxMeta:
        """Of the rows of each video that was tried again, delete those of which there is less."""
        doomed = np.zeros(0, dtype=np.int64)
        for data_row_id in plan.to_retry:
            before, after = known.entry(data_row_id), meta.entry(data_row_id)
            if before is None or after is None:
                continue
            new = np.arange(after.first_row, after.first_row + after.rows)
            if (_had(after), after.rows) > (_had(before), before.rows):
                old = np.setdiff1d(rows_of_video(self._dataset, before), new)
                doomed = np.union1d(doomed, old)
                plan.to_write[data_row_id] = None
                plan.unmatched[:] = [o for o in plan.unmatched if o.data_row_id != data_row_id]
                count = _had if after.rows == before.rows else _rows
                counts = (counted(count(before), "frame"), counted(count(after), "frame"))
                change = Change("video has more frames", data_row_id, after.name, *counts)
                plan.changes.append(change)
            else:
                doomed = np.union1d(doomed, new)
                meta = meta.with_video(before)
        if not len(doomed):
            return meta
        delete_rows(self._dataset, doomed)
        # Where rows tell their video, places do not matter; and few changes keep metadata short.
        return meta if has_identity_columns(self._dataset) else without_rows(meta, doomed)

    def _frame_store(self, meta: LabelboxMeta) -> FrameStore[Any] | None:
        if self._data_filler is not None:
            return FillerStore(self._data_filler)
        storage = StorageOptions.of(json.loads(meta.options))
        storage = replace(storage, verify_frames=self._verify_frames)
        store = storage.store(batch_size=_BATCH_SIZE)
        return store if set(store.columns) <= set(column_names(self._dataset)) else None


def _with_its_frames(video: PendingVideo, known: LabelboxMeta) -> PendingVideo:
    """The same with the frames wanted that have rows already, whatever is labeled now."""
    before, ranges = known.entry(video.entry.data_row_id), video.choice.ranges
    if before is None or not before.chosen or ranges is None:
        return video
    there = ((n, n) for first, last, step in before.chosen for n in range(first, last + 1, step))
    return replace(video, choice=replace(video.choice, ranges=(*ranges, *there)))


def _had(entry: VideoEntry) -> int:
    """How many frames of a video could be had, whether they have rows or not."""
    return entry.frame_count - sum(last - first + 1 for first, last in entry.missing)


def _rows(entry: VideoEntry) -> int:
    return entry.rows


def _follow_outcome(plan: SyncPlan, meta: LabelboxMeta, data_row_id: str) -> None:
    """What became of a video decides what is written of it, and what is said."""
    entry = meta.entry(data_row_id)
    if entry is None or entry.rows or data_row_id not in plan.known:
        plan.to_write[data_row_id] = None
    if entry is None or entry.rows:
        return
    # It was tried before, with the same outcome, or else it is news.
    plan.changes[:] = [
        replace(change, what="video failed")
        if change.data_row_id == data_row_id and entry.status == "failed"
        else change
        for change in plan.changes
        if change.data_row_id != data_row_id or data_row_id not in plan.known
    ]
