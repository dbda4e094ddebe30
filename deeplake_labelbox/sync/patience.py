"""Tags and branches of a dataset, of which Deep Lake changes one at a time."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final, TypeVar

from deeplake_labelbox.errors import DatasetBusyError

logger = logging.getLogger(__name__)

# What Deep Lake 4.7.4 says, after five seconds, while another process changes tags or branches. Of
# one that was killed meanwhile the lock is left, which counts for half a minute.
_CONTENDED: Final = "lock contended"

T = TypeVar("T")


def patiently(work: Callable[[], T], *, wait: float) -> T:
    """Change tags or branches, and wait while another process does.

    Args:
        work: Changes them; called again where Deep Lake says that its lock is taken.
        wait: Seconds until this is given up.

    Raises:
        DatasetBusyError: If the lock stays taken.
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
                    f"Somebody else is changing tags or branches of the dataset and did not end "
                    f"within {wait:g} s; wait for it, or pass a longer wait."
                ) from error
            logger.info("Waiting for another change of tags or branches of the dataset to end.")
