"""Open branches and versions, and change branches and tags."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final, TypeVar, cast

import deeplake
from deeplake import BranchExistsError

from deeplake_labelbox._store.columns import ReadableDataset
from deeplake_labelbox._store.location import dataset_errors
from deeplake_labelbox.errors import ConfigurationError, DatasetBusyError

logger = logging.getLogger(__name__)

T = TypeVar("T")

MAIN: Final = "main"

# Deep Lake 4.7.4 raises this after five seconds while another process changes tags or branches. The
# lock of a process that was killed stays for half a minute.
_CONTENDED: Final = "lock contended"


def open_branch(dataset: deeplake.Dataset, name: str | None, *, wait: float) -> deeplake.Dataset:
    """Open a branch, and create it if it does not exist; ``None`` is the branch of the object.

    Keep the object that it is opened from as long as you use the branch.

    Args:
        dataset: The dataset.
        name: The branch.
        wait: Seconds to wait while another process changes branches.

    Raises:
        ConfigurationError: If the name is empty.
        DatasetError: If Deep Lake fails.
    """
    return _open_branch(dataset, name, wait)[0]


@contextmanager
def branch_to_write(
    dataset: deeplake.Dataset, name: str | None, *, wait: float
) -> Iterator[deeplake.Dataset]:
    """Open a branch with `open_branch`; delete it after an error if it was created here."""
    branch, is_new = _open_branch(dataset, name, wait)
    try:
        yield branch
    except BaseException:
        if is_new:
            retry_while_locked(dataset.branches[branch.current_branch.name].delete, wait=wait)
        raise


def _open_branch(
    dataset: deeplake.Dataset, name: str | None, wait: float
) -> tuple[deeplake.Dataset, bool]:
    """Open a branch, and return whether it was created."""
    if name is None:
        return dataset, False
    if not name.strip():
        raise ConfigurationError("The name of the branch is empty; give the branch a name.")
    is_new = False
    with dataset_errors(f"opening branch {name!r}"):
        if name == dataset.current_branch.name:
            return dataset, False
        if name not in dataset.branches.names():
            logger.warning("Branch %s does not exist yet; creating it.", name)
            # Another process may create it at the same time.
            with suppress(BranchExistsError):
                retry_while_locked(lambda: dataset.branch(name), wait=wait)
                is_new = True
        return dataset.branches[name].open(), is_new


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
                    f"within {wait:g} s; wait for it and try again."
                ) from error
            logger.info("Waiting for another change of tags or branches of the dataset to end.")


def open_version(dataset: ReadableDataset, name: str) -> tuple[str, ReadableDataset]:
    """Open a version by its id, tag or branch.

    Returns:
        The id of the version, and the version.

    Raises:
        ConfigurationError: If there is no such version.
    """
    if name in dataset.tags.names():
        found = cast("deeplake.ReadOnlyDataset", dataset.tags[name].open())
        return str(dataset.tags[name].version), found
    if name in dataset.branches.names():
        branch = cast("deeplake.Dataset", dataset.branches[name].open())
        return str(branch.version), branch
    if name in [version.id for version in dataset.history]:
        return name, dataset.history[name].open()
    raise ConfigurationError(
        f"The dataset has no version {name!r}; give the id of a version of ds.history, or the name "
        f"of a tag or branch."
    )
