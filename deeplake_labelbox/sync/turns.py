"""Syncs on several machines take turns to commit.

Deep Lake 4.7.4 takes the commits of two writers both: rows that both append are there twice, cells
that both write are those of the last, and if both rename a column to the same name, the dataset
cannot be opened any more. It has no lock; but tags can be set beside uncommitted changes, are seen
by all at once, and cost a millisecond on a disk. So a sync sets a tag of its own, looks whether
there is one of another sync, and only then makes sure that nobody committed, and commits.
"""

from __future__ import annotations

import logging
import random
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

import deeplake

from deeplake_labelbox.errors import DatasetBusyError
from deeplake_labelbox.sync.patience import patiently

logger = logging.getLogger(__name__)

PREFIX: Final = "deeplake-labelbox-sync-"
# A turn takes as long as a commit; one that is seen for so long is of a sync that was killed.
_DEAD_SECONDS: Final = 300.0
_POLL_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True)
class Turns:
    """How a sync waits for its turn.

    Attributes:
        owner: What `alone` yielded: tags of it are of syncs that were killed.
        wait: Seconds to wait for the turns of others.
    """

    owner: str | None
    wait: float

    @contextmanager
    def turn(self, dataset: deeplake.Dataset) -> Iterator[None]:
        """Wait for a turn, and end it.

        Args:
            dataset: An object of the dataset without uncommitted changes, of any branch, just
                opened or refreshed; it is refreshed when the turn begins.

        Raises:
            DatasetBusyError: If others did not end theirs.
        """
        mine = f"{PREFIX}{uuid.uuid4().hex}"
        seen: dict[str, float] = {}
        deadline = time.monotonic() + self.wait
        while not self._is_set(dataset, mine, seen):
            if time.monotonic() >= deadline:
                raise DatasetBusyError(
                    f"A sync on another machine is committing to the dataset and did not end "
                    f"within {self.wait:g} s; wait for it, or pass a longer wait."
                )
            # Two that meet do not meet again.
            time.sleep(_POLL_SECONDS * (1 + random.random()))  # noqa: S311 - no secret
            dataset.refresh()
        try:
            yield
        finally:
            self._delete(dataset, mine)

    def _delete(self, dataset: deeplake.Dataset, name: str) -> None:
        patiently(dataset.tags[name].delete, wait=self.wait)

    def _is_set(self, dataset: deeplake.Dataset, mine: str, seen: dict[str, float]) -> bool:
        """Whether our tag is set, and no other."""
        if self._others(dataset, mine, seen):
            return False
        patiently(partial(dataset.tag, mine, message=self.owner or ""), wait=self.wait)
        dataset.refresh()
        if not self._others(dataset, mine, seen):
            return True
        self._delete(dataset, mine)
        return False

    def _others(self, dataset: deeplake.Dataset, mine: str, seen: dict[str, float]) -> bool:
        """Whether another sync has its turn; removes tags of syncs that were killed."""
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
