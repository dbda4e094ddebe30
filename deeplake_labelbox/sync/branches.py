"""The branch that is brought in step, and its merge into ``main``."""

from __future__ import annotations

from typing import Final

import deeplake

from deeplake_labelbox.dataset.applied import AppliedLabels
from deeplake_labelbox.dataset.columns import column_kind, column_names
from deeplake_labelbox.dataset.location import dataset_errors
from deeplake_labelbox.dataset.track_ids import read_tracks, write_tracks
from deeplake_labelbox.errors import ConfigurationError, DatasetError

MAIN: Final = "main"

# What Deep Lake 4.7.4 calls the version of a dataset object with uncommitted changes.
_UNCOMMITTED: Final = "9999999999vzzzzzzzz"


def check_committed(dataset: deeplake.Dataset) -> None:
    """Check that a dataset object of the user holds nothing that a commit would publish with ours.

    Raises:
        DatasetError: If it does.
    """
    if dataset.version == _UNCOMMITTED:
        raise DatasetError(
            "The dataset has changes that are not committed, and that a sync would commit with its "
            "own; commit them, or call rollback()."
        )


def open_branch(dataset: deeplake.Dataset, name: str | None) -> deeplake.Dataset:
    """Open a branch, made where it is not there; the branch of the object itself for ``None``.

    The object that it is opened from must be kept as long as what is returned is used.

    Raises:
        ConfigurationError: If the name is empty.
        DatasetError: If Deep Lake fails.
    """
    if name is None:
        return dataset
    if not name.strip():
        raise ConfigurationError("The name of the branch is empty; give the branch a name.")
    with dataset_errors(f"opening branch {name!r}"):
        if name == dataset.current_branch.name:
            return dataset
        if name not in dataset.branches.names():
            dataset.branch(name)
        return dataset.branches[name].open()


def merge_into_main(main: deeplake.Dataset, branch: deeplake.Dataset, message: str) -> bool:
    """Merge a branch into ``main`` as Deep Lake does it: where both differ, the branch counts.

    Deep Lake merges metadata key by key, and the track ids of a column are one key; so those that
    ``main`` alone knows are put back.

    Returns:
        Whether there was anything to merge.

    Raises:
        DatasetError: If Deep Lake fails.
    """
    if AppliedLabels.read(main) == AppliedLabels.read(branch):
        return False
    before = _tracks(main)
    with dataset_errors(f"merging branch {branch.current_branch.name!r} into main"):
        main.merge(branch.current_branch.name, message=message)
        changed = False
        for column, known in _tracks(main).items():
            whole = {**before.get(column, {}), **known}
            if whole != known:
                write_tracks(main, column, whole)
                changed = True
        if changed:
            main.commit("Keep the track ids of both branches")
    return True


def _tracks(dataset: deeplake.Dataset) -> dict[str, dict[int, tuple[str, str]]]:
    names = column_names(dataset)
    return {
        name: read_tracks(dataset, name)
        for name in names
        if column_kind(dataset, name) == "track_ids"
    }
