"""Merge a branch into ``main``, in one commit.

Deep Lake 4.7.4 merges rows, cells and metadata separately. If both branches appended a video, its
rows are doubled. The feature ids of a column are one piece of metadata, and the branch's replace
those of ``main``. If both added a column of the same name, ``main`` keeps its own and never gets
the branch's values, also in later merges. So the branch is first merged into a temporary branch,
which is corrected there and then merged into ``main``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Final

import deeplake
import numpy as np

from deeplake_labelbox._store.applied_labels import AppliedLabels
from deeplake_labelbox._store.branches import retry_while_locked
from deeplake_labelbox._store.columns import (
    column_identity,
    column_kind,
    column_names,
    has_identity_columns,
)
from deeplake_labelbox._store.layout import make_layout
from deeplake_labelbox._store.location import dataset_errors
from deeplake_labelbox._store.resume import delete_rows
from deeplake_labelbox._store.track_ids import read_tracks, write_tracks
from deeplake_labelbox._sync.label_columns import Key, label_columns
from deeplake_labelbox.errors import DatasetMismatchError

MERGE_BRANCH: Final = "deeplake-labelbox-merge"

_Tracks = dict[str, dict[int, tuple[str, str]]]


def merge_into_main(
    main: deeplake.Dataset, branch: deeplake.Dataset, message: str, *, wait: float
) -> bool:
    """Merge a branch into ``main`` by Deep Lake's rules: if both differ, the branch wins.

    Args:
        main: The dataset, on its branch ``main``.
        branch: The branch.
        message: Message of the commit.
        wait: Seconds to wait while another process changes branches.

    Returns:
        Whether there was anything to merge.

    Raises:
        DatasetMismatchError: If a column of the user has the name of a label column.
        DatasetError: If Deep Lake fails.
    """
    name = branch.current_branch.name
    with dataset_errors(f"merging branch {name!r} into main"):
        if MERGE_BRANCH in main.branches.names():  # left by a killed merge
            retry_while_locked(main.branches[MERGE_BRANCH].delete, wait=wait)
        ours, theirs = AppliedLabels.read(main), AppliedLabels.read(branch)
        if ours == theirs:
            return False
        retry_while_locked(lambda: main.branch(MERGE_BRANCH), wait=wait)
        try:
            merged = main.branches[MERGE_BRANCH].open()
            if _make_room(merged, ours, branch, theirs):
                merged.commit(f"Remove columns that {name} has as well")
            merged.merge(name, message=f"Merge {name}")
            changed = _join_tracks(merged, main, branch) | _delete_doubled(merged, main, branch)
            before = AppliedLabels.read(merged)
            applied = _without_pruned(before, ours, merged)
            if ours is not None and theirs is not None and _has_newer_commits(main, branch):
                applied = _as_on_main(applied, ours, theirs)
            if applied is not None and applied != before:
                applied.write(merged)
                changed = True
            if changed:
                merged.commit(f"Correct what main and {name} both have")
            main.merge(MERGE_BRANCH, message=message)
        finally:
            retry_while_locked(main.branches[MERGE_BRANCH].delete, wait=wait)
    return True


def _make_room(
    merged: deeplake.Dataset,
    ours: AppliedLabels | None,
    branch: deeplake.Dataset,
    theirs: AppliedLabels | None,
) -> bool:
    """Remove the label columns that the branch also has; return whether there were any."""
    identities = {name: column_identity(branch, name) for name in column_names(branch)}
    features, elsewhere = _features(merged, ours), _features(branch, theirs).values()
    doubled = []
    for name in column_names(merged):
        identity = column_identity(merged, name)
        known = name in identities
        if identity == identities.get(name) or (not known and identity in identities.values()):
            continue
        # The branch may have the features of a column under another name.
        if not known and not any(features.get(name, frozenset()) & of for of in elsewhere):
            continue
        if column_kind(merged, name) is None:
            raise DatasetMismatchError(
                f"Column {name!r} of main holds data of your own, but on branch "
                f"{branch.current_branch.name!r} it holds labels. Rename the column of main, and "
                f"merge again."
            )
        doubled.append(name)
    for name in doubled:
        merged.remove_column(name)
    return bool(doubled)


def _features(
    dataset: deeplake.Dataset, applied: AppliedLabels | None
) -> dict[str, frozenset[Key]]:
    """Return the features of each label column of a branch."""
    if applied is None:
        return {}
    kinds = {name: column_kind(dataset, name) for name in column_names(dataset)}
    reserved = {name for name, kind in kinds.items() if kind in (None, "row metadata")}
    found: dict[str, frozenset[Key]] = {}
    for prefix in ("", *(f"{annotator}/" for annotator in applied.annotators)):
        layout = make_layout(
            applied.ontology, applied.group_mapping, reserved=reserved, prefix=prefix
        )
        for name, column in label_columns(layout, dataset).items():
            found[name] = column.features
    return found


def _join_tracks(merged: deeplake.Dataset, *sides: deeplake.Dataset) -> bool:
    """Join the track ids of columns to which both sides added some; return whether any changed."""
    one, other = map(_tracks, sides)
    joined = False
    for column in one.keys() & other.keys():
        if one[column].keys() - other[column].keys() and other[column].keys() - one[column].keys():
            write_tracks(merged, column, {**one[column], **other[column]})
            joined = True
    return joined


def _tracks(dataset: deeplake.Dataset) -> _Tracks:
    return {
        name: read_tracks(dataset, name)
        for name in column_names(dataset)
        if column_kind(dataset, name) == "track_ids"
    }


def _delete_doubled(merged: deeplake.Dataset, *sides: deeplake.Dataset) -> bool:
    """Delete rows of ``main`` that the branch also has; the branch's rows come last."""
    if not all(map(has_identity_columns, (merged, *sides))):
        return False
    wanted: Counter[tuple[int, int]] = Counter()
    for side in sides:
        wanted |= Counter(_frames(side))
    frames = _frames(merged)
    too_many = Counter(frames) - wanted
    doubled = []
    for row, frame in enumerate(frames if too_many else ()):
        if too_many[frame]:
            too_many[frame] -= 1
            doubled.append(row)
    delete_rows(merged, doubled)
    return bool(doubled)


def _without_pruned(
    applied: AppliedLabels | None, ours: AppliedLabels | None, merged: deeplake.Dataset
) -> AppliedLabels | None:
    """Drop data rows that left the project and were pruned on ``main`` alone."""
    if applied is None or ours is None or not has_identity_columns(merged):
        return applied
    numbers = set(np.asarray(merged["video_idx"][:]).ravel().tolist())
    pruned = {
        video.data_row_id
        for video in applied.videos
        if video.data_row_id in applied.removed_data_rows
        and video.data_row_id not in ours.labels
        and video.video_idx not in numbers
    }
    return applied.without(pruned) if pruned else applied


def _has_newer_commits(main: deeplake.Dataset, branch: deeplake.Dataset) -> bool:
    """Return whether ``main`` has commits that the branch neither started from nor merged."""
    first, last = next(iter(branch.history)), list(main.history)[-1]
    # The message of a branch's first version ends with the version of main that it started from.
    return not (first.message or "").endswith(f" {last.id}") and not (
        last.message or ""
    ).startswith(merge_message(branch))


def _as_on_main(
    applied: AppliedLabels | None, ours: AppliedLabels, theirs: AppliedLabels
) -> AppliedLabels | None:
    """Record labels as they were on ``main``, so that a sync of ``main`` checks them.

    A label that was added to ``main`` alone and removed before the branch was synced left its
    cells, and the branch does not record it.
    """
    if applied is None:
        return None
    doubted = {
        key: label
        for key, label in ours.labels.items()
        if key in applied.labels
        and key not in theirs.removed_data_rows
        and label != theirs.labels.get(key, label)
    }
    if not doubted:
        return applied
    labels = {**applied.labels, **doubted}
    return replace(applied, labels=labels, last_activity=ours.last_activity)


def merge_message(branch: deeplake.Dataset) -> str:
    """Return the start of the commit message of a merge."""
    return f"Merge {branch.current_branch.name}: "


def _frames(dataset: deeplake.Dataset) -> list[tuple[int, int]]:
    """Return the video and frame of each row."""
    columns = (np.asarray(dataset[name][:]).ravel().tolist() for name in ("video_idx", "frame_idx"))
    return list(zip(*columns, strict=True))
