"""Write the changes of a plan, without a commit."""

from __future__ import annotations

from dataclasses import dataclass, replace

import deeplake
import numpy as np

from deeplake_labelbox._store.applied_labels import AppliedLabels
from deeplake_labelbox._store.columns import has_identity_columns
from deeplake_labelbox._store.label_writer import LabelWriting
from deeplake_labelbox._store.labelbox_meta import LabelboxMeta
from deeplake_labelbox._store.project_label_writer import ProjectLabelWriter
from deeplake_labelbox._store.resume import delete_rows
from deeplake_labelbox._store.row_index import RowIndex
from deeplake_labelbox._store.selected_rows import SelectedRows
from deeplake_labelbox._store.track_ids import TrackIds
from deeplake_labelbox._store.written_files import WrittenFiles
from deeplake_labelbox._sync.new_videos import AppendedVideos, append_videos
from deeplake_labelbox._sync.ontology_migration import write_empty_values
from deeplake_labelbox._sync.plan import SyncOptions, SyncPlan
from deeplake_labelbox._sync.state import DatasetState
from deeplake_labelbox.errors import ConfigurationError
from deeplake_labelbox.report import Report


@dataclass(frozen=True, slots=True)
class WrittenSync:
    """Written changes that are not committed yet.

    Attributes:
        plan: The plan, updated with its outcome.
        report: The outcome of the videos and labels.
        rows_added: Number of rows that were appended.
        rows_removed: Number of rows that were deleted.
        shared_meta: Metadata that all branches share, if it changed.
        track_ids: The track ids, including new ones.
        videos: The videos that were appended.
    """

    plan: SyncPlan
    report: Report
    rows_added: int
    rows_removed: int
    shared_meta: LabelboxMeta | None
    track_ids: TrackIds | None
    videos: AppendedVideos

    def save_shared(self, dataset: deeplake.Dataset) -> None:
        """Write the metadata that all branches share, right before the commit.

        Entries of videos are written before their rows. If a sync is killed in between, an entry
        has no rows, and the next sync appends them. In the reverse order, two branches could give
        the same number to two videos.
        """
        self.videos.publish(dataset)
        if self.track_ids is not None:
            self.track_ids.save_next()
        if self.shared_meta is not None:
            self.shared_meta.write(dataset)


def write(
    dataset: deeplake.Dataset,
    state: DatasetState,
    plan: SyncPlan,
    rows: SelectedRows,
    project_name: str,
    options: SyncOptions,
    files: WrittenFiles,
) -> WrittenSync:
    """Write the changes of a plan, without a commit.

    Args:
        dataset: The branch.
        state: The dataset at the start of the sync.
        plan: The plan.
        rows: The exported data rows.
        project_name: The name of the project.
        options: The options of the sync.
        files: Checks that Deep Lake's files were written.

    Raises:
        DeepLakeLabelboxError: See `sync_dataset`.
    """
    length = len(dataset)
    videos = append_videos(dataset, state, plan, rows, options, files)
    added = len(dataset) - length
    plan, meta = videos.plan, replace(videos.meta, project_name=project_name)
    index = RowIndex(dataset, meta) if plan.to_add or plan.to_retry else state.index
    writing = LabelWriting(
        group_mapping=state.group_mapping,
        fail_on_error=options.fail_on_error,
        metadata=state.metadata,
        mask_presigner=options.url_presigner,
        progress=options.progress,
    )
    writer = ProjectLabelWriter(dataset, meta, plan.ontology, writing)
    chosen = rows.chosen(plan.to_write)
    applied = writer.write(chosen, index, files, state.applied, columns=plan.to_write)
    write_empty_values(dataset, plan.deleted_columns, index, meta)
    pruned = plan.removed_data_rows if options.prune else frozenset()
    removed = _delete_rows_of(dataset, pruned, meta, index)
    _applied_after(state, plan, applied, pruned).write(dataset)
    return WrittenSync(
        plan=_without_repeated(plan, state.applied, applied),
        report=videos.report.merge(writer.report),
        rows_added=added,
        rows_removed=removed,
        shared_meta=_shared_meta(state, meta),
        track_ids=writer.track_ids,
        videos=videos,
    )


def _without_repeated(
    plan: SyncPlan, before: AppliedLabels | None, after: AppliedLabels
) -> SyncPlan:
    """Drop changes of labels that are still incomplete because no more masks could be read."""
    known = before.labels if before is not None else {}
    same = {
        key
        for key, label in after.labels.items()
        if label.incomplete
        and key in known
        and label.incomplete >= known[key].incomplete
        and label == replace(known[key], incomplete=label.incomplete)
    }
    changes = (
        change
        for change in plan.changes
        if change.what != "label corrected" or change.data_row_id not in same
    )
    return replace(plan, changes=tuple(changes))


def _delete_rows_of(
    dataset: deeplake.Dataset, data_row_ids: frozenset[str], meta: LabelboxMeta, index: RowIndex
) -> int:
    """Delete the rows of data rows that left the project; return their number."""
    if not data_row_ids:
        return 0
    if not has_identity_columns(dataset):
        raise ConfigurationError(
            "`prune` needs the columns video_idx and frame_idx, which identify each row; the "
            "dataset was created without them."
        )
    rows = [index.rows_of(video).rows for video in meta.videos if video.data_row_id in data_row_ids]
    deleted = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *rows]))
    delete_rows(dataset, deleted)
    return len(deleted)


def _applied_after(
    state: DatasetState, plan: SyncPlan, applied: AppliedLabels, pruned: frozenset[str]
) -> AppliedLabels:
    """Update the time of the last activity and the removed data rows after the sync."""
    before = state.applied.last_activity if state.applied is not None else None
    return replace(
        applied.without(pruned),
        last_activity=max(filter(None, (before, plan.last_activity)), default=None),
        removed_data_rows=tuple(sorted(plan.removed_data_rows - pruned)),
    )


def _shared_meta(state: DatasetState, meta: LabelboxMeta) -> LabelboxMeta | None:
    """Return the metadata for all branches, ``None`` if it stays.

    This branch may have older entries than the others.
    """
    if state.shared_meta is None:
        return meta
    if meta == state.meta:
        return None
    new = replace(state.shared_meta, project_name=meta.project_name)
    for video in meta.videos:
        if video.video_idx == len(new.videos):
            new = replace(new, videos=(*new.videos, video))
        elif video not in state.meta.videos:
            # Other branches may need their own recordings of it.
            recordings = dict.fromkeys((*new.videos[video.video_idx].recordings, *video.recordings))
            new = new.with_video(replace(video, recordings=tuple(recordings)))
    return None if new == state.shared_meta else new
