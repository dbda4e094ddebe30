"""Locks: one sync at a time runs on each machine, and one sync at a time commits.

On one machine, a file lock of the operating system is used, which ends with its process.

Between machines, Deep Lake 4.7.4 has no lock and accepts the commits of two writers: rows that
both append are doubled, cells that both write have the last value, and if both rename a column to
the same name, the dataset can no longer be opened. But tags can be set while there are uncommitted
changes, are visible to everyone at once, and take a millisecond on a disk. So a sync sets a tag of
its own, checks that no other sync has one, checks that nobody committed, and commits.
"""

from __future__ import annotations

import hashlib
import logging
import random
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import deeplake
from filelock import FileLock, Timeout

from deeplake_labelbox._store.branches import retry_while_locked
from deeplake_labelbox.errors import DatasetBusyError

logger = logging.getLogger(__name__)

PREFIX: Final = "deeplake-labelbox-sync-"
# A commit takes a moment; a tag that stays for this long belongs to a sync that was killed.
_DEAD_SECONDS: Final = 300.0
_POLL_SECONDS: Final = 0.2


@contextmanager
def process_lock(dataset_id: str, *, wait: float) -> Iterator[str | None]:
    """Make other syncs of a dataset on this machine wait.

    Args:
        dataset_id: Deep Lake's id of the dataset, the same for all its branches.
        wait: Seconds to wait for another sync to end.

    Yields:
        A name that no other machine uses. While the lock is held, another commit tag with this name
        belongs to a sync that was killed. ``None`` if files cannot be locked.

    Raises:
        DatasetBusyError: If the other sync did not end.
    """
    name = hashlib.sha256(dataset_id.encode()).hexdigest()[:32]
    path = Path(tempfile.gettempdir()) / f"deeplake-labelbox-{name}.lock"
    lock = FileLock(path)
    try:
        try:
            lock.acquire(timeout=0)
        except Timeout:
            logger.info("Waiting for another sync of the dataset to end.")
            lock.acquire(timeout=wait)
    except Timeout as error:
        raise DatasetBusyError(
            f"Another sync of the dataset is running and did not end within {wait:g} s; wait for "
            f"it, or pass a longer `wait`.",
        ) from error
    except OSError as error:
        logger.debug("The file %s cannot be locked (%s); not locking.", path, error)
        yield None
        return
    try:
        yield _owner(path.with_suffix(".owner"))
    finally:
        lock.release()


def _owner(path: Path) -> str:
    """Return the name in a file; create it on first use."""
    if not path.exists() or not path.read_text():
        path.write_text(uuid.uuid4().hex)
    return path.read_text()


@dataclass(frozen=True, slots=True)
class CommitLock:
    """Lets one sync at a time commit, on any machine.

    Attributes:
        owner: The name that `process_lock` yielded; other tags with it belong to killed syncs.
        wait: Seconds to wait for other syncs.
    """

    owner: str | None
    wait: float

    @contextmanager
    def hold(self, dataset: deeplake.Dataset) -> Iterator[None]:
        """Wait for the lock, and release it at the end.

        Args:
            dataset: An object of the dataset without uncommitted changes, of any branch, just
                opened or refreshed; it is refreshed when the lock is acquired.

        Raises:
            DatasetBusyError: If another sync did not release it.
        """
        mine = f"{PREFIX}{uuid.uuid4().hex}"
        seen: dict[str, float] = {}
        deadline = time.monotonic() + self.wait
        while not self._is_set(dataset, mine, seen):
            if time.monotonic() >= deadline:
                raise DatasetBusyError(
                    f"A sync on another machine is committing to the dataset and did not end "
                    f"within {self.wait:g} s; wait for it, or pass a longer `wait`."
                )
            # A random pause, so that two syncs do not collide forever.
            time.sleep(_POLL_SECONDS * (1 + random.random()))  # noqa: S311 - no secret
            dataset.refresh()
        try:
            yield
        finally:
            self._delete(dataset, mine)

    def _delete(self, dataset: deeplake.Dataset, name: str) -> None:
        retry_while_locked(dataset.tags[name].delete, wait=self.wait)

    def _is_set(self, dataset: deeplake.Dataset, mine: str, seen: dict[str, float]) -> bool:
        """Set our tag; if another sync has one, return False without setting it."""
        if self._others(dataset, mine, seen):
            return False
        retry_while_locked(partial(dataset.tag, mine, message=self.owner or ""), wait=self.wait)
        dataset.refresh()
        if not self._others(dataset, mine, seen):
            return True
        self._delete(dataset, mine)
        return False

    def _others(self, dataset: deeplake.Dataset, mine: str, seen: dict[str, float]) -> bool:
        """Return whether another sync has a tag; remove tags of killed syncs."""
        now = time.monotonic()
        others = False
        for name in dataset.tags.names():
            if not name.startswith(PREFIX) or name == mine:
                continue
            tag = dataset.tags[name]
            since = seen.setdefault(name, now)
            if (self.owner is not None and tag.message == self.owner) or (
                now - since > _DEAD_SECONDS
            ):
                logger.info("Removing the tag %s of a sync that was killed.", name)
                self._delete(dataset, name)
            else:
                others = True
        return others
