"""Update a dataset from its Labelbox project."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import deeplake

from deeplake_labelbox._jobs.engine import engine_of
from deeplake_labelbox._jobs.project_source import client_presigner
from deeplake_labelbox._labelbox.client import connect
from deeplake_labelbox._model.selection import LabelSelection
from deeplake_labelbox._store.applied_labels import AppliedLabels
from deeplake_labelbox._store.branches import (
    MAIN,
    branch_to_write,
    open_branch,
    retry_while_locked,
)
from deeplake_labelbox._store.columns import ReadableDataset
from deeplake_labelbox._store.layout import GroupMapping, check_group_mapping
from deeplake_labelbox._store.location import dataset_errors, opened_to_write
from deeplake_labelbox._store.transaction import check_committed
from deeplake_labelbox._sync.commit_lock import CommitLock, process_lock
from deeplake_labelbox._sync.merging import merge_into_main, merge_message
from deeplake_labelbox._sync.plan import SyncOptions
from deeplake_labelbox._sync.report import SyncReport
from deeplake_labelbox._sync.run import DatasetMovedError, SyncRun
from deeplake_labelbox.errors import ConfigurationError, DatasetBusyError

if TYPE_CHECKING:
    import labelbox

    from deeplake_labelbox._video.access import UrlPresigner

_ATTEMPTS: Final = 3


def sync_dataset(
    dataset: str | Path | deeplake.Dataset,
    lb_api_key: str | None = None,
    *,
    branch: str | None = None,
    merge: bool = False,
    tag: str | None = None,
    prune: bool = False,
    full: bool = False,
    retry: bool = True,
    dry_run: bool = False,
    fail_on_error: bool = False,
    deeplake_creds: Mapping[str, str] | None = None,
    deeplake_org_id: str | None = None,
    deeplake_token: str | None = None,
    group_mapping: GroupMapping | None = None,
    label_selection: LabelSelection | None = None,
    data_filler: Mapping[str, Callable[..., object]] | None = None,
    url_presigner: UrlPresigner | None = None,
    verify_frames: bool = True,
    lb_client: labelbox.Client | None = None,
    wait: float = 600.0,
    ray_address: str | None = None,
    ray_cpus: int = 2,
    progress: bool = True,
) -> SyncReport:
    """Update a dataset from its Labelbox project.

    Exports the data rows with activity since the last sync, and writes those that differ. New
    labels are added, corrected labels replace the old values, and rows whose label was deleted or
    skipped get empty values. Tracks keep their ids. Frames are not fetched again. New videos are
    decoded and appended with the options of the dataset. Rows of data rows that left the project
    are kept and their ids listed (`removed_data_rows`), or deleted with ``prune``.
    When the ontology grows, columns and ``class_names`` are added, and existing class numbers stay.
    Renamed features are renamed. Columns of deleted features stay, with empty values.

    Rows are identified by data row and frame. So you may delete or reorder rows, copy them with a
    query, and add columns of your own. Labels without rows are reported.

    One call writes the changes in a single commit with a readable message. If nothing changed,
    there is no commit. A sync that is interrupted or killed leaves the dataset either as it was or
    completely updated. Of two syncs at once on one machine, the second waits. If another machine
    commits in between, the sync starts again, at most three times. While a sync commits, it holds a
    tag ``deeplake-labelbox-sync-…``, and other syncs wait for it.

    Args:
        dataset: Path of the dataset, or the open dataset, on any branch.
        lb_api_key: API key of Labelbox; ``None`` reads ``LABELBOX_API_KEY``.
        branch: Branch to update, created if it does not exist; by default the branch of the open
            dataset, or ``main``.
        merge: Merge the branch into ``main`` afterwards, by Deep Lake's rules: if both changed the
            same cell, the branch wins. If ``main`` has commits that the branch does not have,
            another commit then updates ``main``.
        tag: Tag for the resulting version.
        prune: Delete the rows of data rows that left the project.
        full: Compare all data rows, not only those with activity since the last sync.
        retry: Decode failed and incomplete videos again; the rows of an incomplete video are
            replaced if more frames can be decoded. A permanently damaged video is fetched at each
            sync. ``False`` leaves all of them as they are.
        dry_run: Write nothing, only report the changes.
        fail_on_error: Raise at the first video that cannot be fully decoded or label that cannot be
            fully applied, instead of reporting it; nothing is committed then.
        deeplake_creds: Credentials of the storage, with a path.
        deeplake_org_id: Organization in Deep Lake's cloud, with a path.
        deeplake_token: Token of Deep Lake's cloud, with a path.
        group_mapping: Only for a dataset without labels; otherwise the mapping that its labels were
            applied with is used.
        label_selection: Which of several labels of a data row to use; by default as in the last
            sync. A function must be passed again.
        data_filler: The functions that write rows of new videos, for a dataset that was created
            with a data filler.
        url_presigner: Gives access to private videos and masks; see `create_dataset`.
        verify_frames: See `create_dataset`; used for new videos if frames are stored as videos.
        lb_client: A ready `labelbox.Client`, instead of ``lb_api_key``.
        wait: Seconds to wait for another sync of the dataset to end.
        ray_address: Prepare new videos on a Ray cluster; see `create_dataset`.
        ray_cpus: CPU cores that each video gets on a Ray worker.
        progress: Whether to show progress bars.

    Returns:
        The changes, and the frames and labels that could not be decoded, applied or matched.

    Raises:
        ConfigurationError: If an argument is invalid.
        LabelboxError: If the project cannot be exported.
        DatasetMismatchError: If the dataset has no record of its project.
        DatasetBusyError: If other processes kept changing the dataset.
        DatasetError: If Deep Lake fails, or the dataset has uncommitted changes.
        VideoError: If ``fail_on_error``, for the first video that cannot be fully decoded.
        LabelError: If ``fail_on_error``, for the first label that cannot be fully applied.
        ClusterError: If the Ray cluster cannot be reached, or its workers cannot run the job.

    Example:
        ```python
        report = sync_dataset("clips", api_key, branch="labelbox", merge=True, tag="run-8")
        print(report)  # Traffic (labelbox): 1 label corrected, 2 videos added
        ```
    """
    check_group_mapping(group_mapping)
    if merge and branch == MAIN:
        raise ConfigurationError("`branch` is 'main', which cannot be merged into itself.")
    client = connect(lb_api_key, lb_client=lb_client)
    engine = engine_of(ray_address, ray_cpus, fills=data_filler is not None)
    options = SyncOptions(
        full=full,
        retry=retry,
        prune=prune,
        dry_run=dry_run,
        fail_on_error=fail_on_error,
        group_mapping=group_mapping,
        label_selection=label_selection,
        data_filler=data_filler,
        url_presigner=client_presigner(client, url_presigner),
        verify_frames=verify_frames,
        progress=progress,
        engine=engine,
    )
    opened = opened_to_write(dataset, deeplake_creds, deeplake_org_id, deeplake_token)
    check_committed(opened)
    with (
        closing(engine),
        process_lock(opened.id, wait=wait) as owner,
        dataset_errors("updating the dataset"),
    ):
        lock = CommitLock(owner, wait)
        if opened is dataset:
            opened.refresh()
        branches = opened.branches.names()
        if tag is not None:
            _check_tag(tag, opened.tags.names(), {*branches, branch})
        # A dry run creates no branch; a new one would start from the open one.
        name = None if dry_run and branch not in branches else branch
        with branch_to_write(opened, name, wait=wait) as target:
            if merge and target.current_branch.name == MAIN:
                raise ConfigurationError("There is no branch to merge into main; pass `branch`.")
            report = _run(target, client, options, lock, branch)
        if dry_run:
            return report
        if merge:
            main = open_branch(opened, MAIN, wait=wait)
            report = _merged(main, target, report, lock)
            if report.merged and _holds_other_labels(main, target):
                _run(main, client, options, lock, MAIN)
            target = main
        return _tagged(target, report, tag, wait)


def removed_data_rows(dataset: ReadableDataset) -> tuple[str, ...]:
    """Return the ids of data rows that left the project and whose rows a sync kept.

    The rows hold their last labels; a sync with ``prune`` deletes them.

    Args:
        dataset: The dataset, on any branch or of any version.

    Example:
        ```python
        import deeplake

        dataset = deeplake.open("clips")
        for data_row_id in removed_data_rows(dataset):
            print(data_row_id, "is no longer in the project")
        ```
    """
    applied = AppliedLabels.read(dataset)
    return () if applied is None else applied.removed_data_rows


def _check_tag(tag: str, tags: Collection[str], branches: Collection[str | None]) -> None:
    """Check that a tag can be set, before there is a commit to tag."""
    if not tag.strip():
        raise ConfigurationError("The name of the tag is empty; give the tag a name.")
    for what, names in (("tag", tags), ("branch", branches)):
        if tag in names:
            raise ConfigurationError(f"A {what} {tag!r} exists already; choose another name.")


def _run(
    target: deeplake.Dataset,
    client: labelbox.Client,
    options: SyncOptions,
    lock: CommitLock,
    branch: str | None,
) -> SyncReport:
    for more in reversed(range(_ATTEMPTS)):
        try:
            name = branch or target.current_branch.name
            return SyncRun(target, client, options, lock, name).run()
        except DatasetMovedError as error:
            if not more:
                raise DatasetBusyError(
                    f"Another process changed the dataset {_ATTEMPTS} times during the sync; "
                    f"nothing was written. Run it again when nothing else writes to the dataset."
                ) from error
            target.refresh()
    raise AssertionError


def _merged(
    main: deeplake.Dataset, branch: deeplake.Dataset, report: SyncReport, lock: CommitLock
) -> SyncReport:
    main.refresh()
    with lock.hold(main):
        message = f"{merge_message(branch)}sync of Labelbox project {report.project_name}"
        return replace(report, merged=merge_into_main(main, branch, message, wait=lock.wait))


def _tagged(
    final: deeplake.Dataset, report: SyncReport, tag: str | None, wait: float
) -> SyncReport:
    if tag is not None:
        retry_while_locked(partial(final.tag, tag), wait=wait)
    return replace(report, tag=tag, version=str(final.version))


def _holds_other_labels(main: deeplake.Dataset, branch: deeplake.Dataset) -> bool:
    """Return whether the branches have different labels, so that ``main`` must be synced too."""
    ours, theirs = AppliedLabels.read(main), AppliedLabels.read(branch)
    if ours is None or theirs is None:
        return False
    shared = ours.labels.keys() & theirs.labels.keys()
    return any(ours.labels[key] != theirs.labels[key] for key in shared)
