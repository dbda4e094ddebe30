"""Let only one command at a time write a local dataset."""

from __future__ import annotations

import hashlib
import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deeplake_labelbox.errors import DatasetBusyError

logger = logging.getLogger(__name__)


@contextmanager
def one_writer(path: str) -> Iterator[None]:
    """Hold the lock of a local dataset while a command writes it.

    Args:
        path: Path of the dataset; a path that is not local is not locked.

    Raises:
        DatasetBusyError: If another command is writing there.
    """
    if "://" in path:
        yield
        return
    from filelock import FileLock, Timeout  # noqa: PLC0415 - not needed for --help

    # Not inside the dataset, because its folder may be replaced.
    name = hashlib.sha256(str(Path(path).resolve()).encode(errors="surrogateescape")).hexdigest()
    lock = FileLock(Path(tempfile.gettempdir()) / f"deeplake-labelbox-{name[:32]}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise DatasetBusyError(
            f"Another command is writing the dataset at {path}; wait for it, or choose another "
            "path."
        ) from error
    except OSError as error:
        logger.debug("The file %s cannot be locked (%s); not locking.", lock.lock_file, error)
    try:
        yield
    finally:
        lock.release()
