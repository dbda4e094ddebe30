"""The branch that is brought in step."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

import deeplake
from deeplake import BranchExistsError

from deeplake_labelbox.dataset.location import dataset_errors
from deeplake_labelbox.errors import ConfigurationError, DatasetError
from deeplake_labelbox.sync.patience import patiently

MAIN: Final = "main"

# What Deep Lake 4.7.4 calls the version of a dataset object with uncommitted changes.
_UNCOMMITTED: Final = "9999999999vzzzzzzzz"


def has_changes(dataset: deeplake.Dataset) -> bool:
    """Whether a dataset object has changes that are not committed."""
    return str(dataset.version) == _UNCOMMITTED


def check_committed(dataset: deeplake.Dataset) -> None:
    """Check that a dataset object of the user holds nothing that a commit would publish with ours.

    Raises:
        DatasetError: If it does.
    """
    if has_changes(dataset):
        raise DatasetError(
            "The dataset has changes that are not committed, and that a sync would commit with its "
            "own; commit them, or call rollback()."
        )


def open_branch(dataset: deeplake.Dataset, name: str | None, *, wait: float) -> deeplake.Dataset:
    """Open a branch, made where it is not there; the branch of the object itself for ``None``.

    The object that it is opened from must be kept as long as what is returned is used.

    Args:
        dataset: The dataset.
        name: The branch.
        wait: Seconds to wait while somebody else changes branches.

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
            # Another sync may make it as well.
            with suppress(BranchExistsError):
                patiently(lambda: dataset.branch(name), wait=wait)
        return dataset.branches[name].open()
