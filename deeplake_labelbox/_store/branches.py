"""Open, make and change branches and tags."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final, TypeVar

import deeplake
from deeplake import BranchExistsError

from deeplake_labelbox._store.location import dataset_errors
from deeplake_labelbox.errors import ConfigurationError, DatasetBusyError, DatasetError

logger = logging.getLogger(__name__)

T = TypeVar("T")

MAIN: Final = "main"

# Deep Lake 4.7.4 raises this after five seconds while another process changes tags or branches. The
# lock of a process that was killed stays for half a minute.
_CONTENDED: Final = "lock contended"

# The version of a dataset object with uncommitted changes in Deep Lake 4.7.4.
_UNCOMMITTED: Final = "9999999999vzzzzzzzz"


def has_changes(dataset: deeplake.Dataset) -> bool:
    """Whether a dataset object has changes that are not committed."""
    return str(dataset.version) == _UNCOMMITTED


def check_committed(dataset: deeplake.Dataset) -> None:
    """Check that a dataset object has no uncommitted changes, which our commit would publish.

    Raises:
        DatasetError: If it has uncommitted changes.
    """
    if has_changes(dataset):
        raise DatasetError(
            "The dataset has changes that are not committed, and a sync would commit them with its "
            "own. Commit them first, or call rollback()."
        )


def open_branch(dataset: deeplake.Dataset, name: str | None, *, wait: float) -> deeplake.Dataset:
    """Open a branch, and create it if it does not exist; ``None`` is the branch of the object.

    Keep the object that it is opened from for as long as the branch is used.

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
            logger.warning("There is no branch %s yet; it is created.", name)
            # Another sync may create it at the same time.
            with suppress(BranchExistsError):
                retry_while_locked(lambda: dataset.branch(name), wait=wait)
        return dataset.branches[name].open()


def retry_while_locked(work: Callable[[], T], *, wait: float) -> T:
    """Retry a change of tags or branches while another process holds Deep Lake's lock.

    Args:
        work: Makes the change.
        wait: Seconds to keep trying.

    Raises:
        DatasetBusyError: If the lock was not released in time.
    """
    deadline = time.monotonic() + wait
    while True:
        try:
            return work()
        except RuntimeError as error:
            if _CONTENDED not in str(error):
                raise
            if time.monotonic() >= deadline:
                raise DatasetBusyError(
                    f"Another process is changing tags or branches of the dataset and did not end "
                    f"within {wait:g} s; wait for it, or pass a longer wait."
                ) from error
            logger.info("Waiting for another change of tags or branches of the dataset to end.")
