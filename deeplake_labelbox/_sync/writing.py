"""What a sync writes: all of it in one commit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import deeplake
import numpy as np

from deeplake_labelbox._jobs.converter import VideoProjectConverter
from deeplake_labelbox._model.ontology import Ontology
from deeplake_labelbox._store.applied_labels import AppliedLabels
from deeplake_labelbox._store.columns import has_identity_columns
from deeplake_labelbox._store.labelbox_meta import LabelboxMeta
from deeplake_labelbox._store.resume import delete_rows
from deeplake_labelbox._store.row_index import RowIndex
from deeplake_labelbox._store.written_files import WrittenFiles
from deeplake_labelbox._sync.changed_rows import ExportedRows
from deeplake_labelbox._sync.empty_values import write_empty_values
from deeplake_labelbox._sync.new_videos import NewVideos
from deeplake_labelbox._sync.plan import SyncPlan
from deeplake_labelbox._sync.state import DatasetState
from deeplake_labelbox.errors import ConfigurationError, DatasetError, DatasetMismatchError
from deeplake_labelbox.report import Report

if TYPE_CHECKING:
    from deeplake_labelbox._video.access import UrlPresigner


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOptions:
    """How a sync writes; see `sync_dataset`."""

    prune: bool
    fail_on_error: bool
    data_filler: Mapping[str, Callable[..., object]] | None
    url_presigner: UrlPresigner | None
    verify_frames: bool
    progress: bool


@dataclass(frozen=True, slots=True)
class Written:
    """What was written, and waits for its commit.

    Attributes:
        meta: What the dataset knows of its project then.
        report: What became of the videos and labels.
        rows_added: Rows that were appended.
        rows_removed: Rows that were deleted.
        save_shared: Writes what all branches share; called right before the commit.
    """

    meta: LabelboxMeta
    report: Report
    rows_added: int
    rows_removed: int
    save_shared: Callable[[], None]


def write(
    dataset: deeplake.Dataset,
    state: DatasetState,
    options: WriteOptions,
    *,
    plan: SyncPlan,
    rows: ExportedRows,
    ontology: Ontology,
    project_name: str,
    left: frozenset[str],
    gone: frozenset[str],
    files: WrittenFiles,
) -> Written:
    """Write what a plan says, without a commit.

    Args:
        dataset: The branch.
        state: Its state at the start of the sync.
        options: How.
        plan: The plan; afterwards its changes are those that were made.
        rows: What was exported.
        ontology: The ontology of the project.
        project_name: The name of the project.
        left: Data rows that are not in the project any more.
        gone: Columns whose features are gone.
        files: Watches the disk.

    Raises:
        DeepLakeLabelboxError: See `sync_dataset`.
    """
    length = len(dataset)
    videos = NewVideos(
        dataset,
        data_filler=options.data_filler,
        fail_on_error=options.fail_on_error,
        url_presigner=options.url_presigner,
        verify_frames=options.verify_frames,
        progress=options.progress,
    )
    meta = replace(state.meta, project_name=project_name)
    meta, report = videos.append(plan, rows, meta, files)
    added = len(dataset) - length
    converter = VideoProjectConverter(
        meta.project_id,
        dataset,
        rows.chosen(plan.to_write.keys()),
        ontology,
        group_mapping=state.group_mapping,
        fail_on_error=options.fail_on_error,
        metadata=state.metadata,
        label_selection=state.label_selection,
        mask_presigner=options.url_presigner,
        progress=options.progress,
        meta=meta,
    )
    index = RowIndex(dataset, meta) if plan.to_add or plan.to_retry else state.index
    converter.write_labels(plan.to_write, files=files, index=index)
    _drop_repeated(dataset, state, plan)
    if gone:
        write_empty_values(dataset, gone, index, meta)
    removed = _prune(dataset, left, meta, index) if options.prune and left else 0
    _note(dataset, state, plan, left, prune=options.prune)

    def save_shared() -> None:
        videos.publish(meta)
        if converter.track_ids is not None:
            converter.track_ids.save_next()
        _save_meta(dataset, state.meta, meta)

    return Written(meta, report.merge(converter.report), added, removed, save_shared)


def _drop_repeated(dataset: deeplake.Dataset, state: DatasetState, plan: SyncPlan) -> None:
    """Take labels off the changes of whose masks no more could be had than before."""
    before = state.applied.labels if state.applied else {}
    if not any(label.incomplete for label in before.values()):
        return
    after = AppliedLabels.read(dataset)
    same = {
        key
        for key, label in (after.labels if after else {}).items()
        if label.incomplete
        and key in before
        and label.incomplete >= before[key].incomplete
        and label == replace(before[key], incomplete=label.incomplete)
    }
    plan.changes[:] = [
        change
        for change in plan.changes
        if change.what != "label corrected" or change.data_row_id not in same
    ]


def _prune(
    dataset: deeplake.Dataset, left: frozenset[str], meta: LabelboxMeta, index: RowIndex
) -> int:
    if not has_identity_columns(dataset):
        raise ConfigurationError(
            "prune needs the columns video_idx and frame_idx, which tell rows from each other; "
            "the dataset was made without them."
        )
    rows = [index.rows_of(video).rows for video in meta.videos if video.data_row_id in left]
    gone = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *rows]))
    delete_rows(dataset, gone)
    return len(gone)


def _note(
    dataset: deeplake.Dataset,
    state: DatasetState,
    plan: SyncPlan,
    left: frozenset[str],
    *,
    prune: bool,
) -> None:
    """Keep until when the dataset is in step, and what left the project."""
    applied = AppliedLabels.read(dataset)
    if applied is None:
        raise DatasetError("The dataset has no column to keep its state in; make it again.")
    before = state.applied.last_activity if state.applied else None
    gone = left if prune else frozenset()
    replace(
        applied.without(gone),
        last_activity=max(filter(None, (before, plan.last_activity)), default=None),
        left=tuple(sorted(left - gone)),
    ).write(dataset)


def _save_meta(dataset: deeplake.Dataset, before: LabelboxMeta, meta: LabelboxMeta) -> None:
    """Write what is new of the project to what all branches share.

    Published with the rows, before them: killed in between, an entry has no rows, and its video is
    appended by the next sync; the other way round two branches could give two videos one number.
    """
    try:
        shared = LabelboxMeta.read(dataset)
    except DatasetMismatchError:
        # A copy of a query has nothing of it yet.
        meta.write(dataset)
        return
    if meta == before:
        return
    new = replace(shared, project_name=meta.project_name)
    for video in meta.videos:
        if video.video_idx == len(new.videos):
            new = replace(new, videos=(*new.videos, video))
        elif video not in before.videos:
            # Other branches may need what they recorded of it.
            recordings = dict.fromkeys((*new.videos[video.video_idx].recordings, *video.recordings))
            new = new.with_video(replace(video, recordings=tuple(recordings)))
    if new != shared:
        new.write(dataset)
