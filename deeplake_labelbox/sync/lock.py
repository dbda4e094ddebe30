"""One sync of a dataset at a time on this machine.

A lock of the operating system, which ends with its process, however that ends. Syncs on several
machines take turns to commit: see `turns`.
"""

from __future__ import annotations

import hashlib
import logging
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from deeplake_labelbox.errors import DatasetBusyError

try:
    import fcntl
except ImportError:  # Windows has another one, and there taking turns is all
    fcntl = None  # type: ignore[assignment]  # None where there is none

logger = logging.getLogger(__name__)

_LOCKS: Final = bool(fcntl)
_POLL_SECONDS: Final = 0.1


@contextmanager
def alone(dataset_id: str, *, wait: float) -> Iterator[str | None]:
    """Keep other syncs of a dataset waiting.

    Args:
        dataset_id: Deep Lake's id of the dataset, the same for all its branches.
        wait: Seconds to wait for another sync to end.

    Yields:
        A name of the lock that no other machine has: whatever else bears it is of a sync that was
        killed. ``None`` where there is no lock.

    Raises:
        DatasetBusyError: If the other sync did not end.
    """
    name = hashlib.sha256(dataset_id.encode()).hexdigest()[:32]
    path = Path(tempfile.gettempdir()) / f"deeplake-labelbox-{name}.lock"
    try:
        file = path.open("a+")
    except OSError as error:
        logger.debug("There is no lock at %s (%s); going on without.", path, error)
        yield None
        return
    with file:
        _lock(file, time.monotonic() + wait, wait)
        yield _owner(file) if _LOCKS else None


def _owner(file: IO[str]) -> str:
    file.seek(0)
    owner = file.read()
    if not owner:
        owner = uuid.uuid4().hex
        file.write(owner)
        file.flush()
    return owner


def _lock(file: IO[str], deadline: float, wait: float) -> None:
    told = False
    while _LOCKS:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() >= deadline:
                raise DatasetBusyError(
                    f"Another sync of the dataset is running and did not end within {wait:g} s; "
                    f"wait for it, or pass a longer wait."
                ) from error
            if not told:
                logger.info("Waiting for another sync of the dataset to end.")
                told = True
            time.sleep(_POLL_SECONDS)
        else:
            return
