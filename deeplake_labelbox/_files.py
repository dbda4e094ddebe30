"""Files that are written whole, or not at all."""

from __future__ import annotations

import errno
import json
import os
import shutil
import uuid
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from deeplake_labelbox.errors import ConfigurationError

_WRITERS: Final = 2
_MOST_WAITING: Final = 32  # pictures of 1080p take up to some megabytes each


@contextmanager
def replacing_file(path: str | Path) -> Iterator[Path]:
    """A path beside ``path``; what is written to it replaces ``path`` if the block ends well.

    Raises:
        ConfigurationError: If the file cannot be written.
    """
    target = Path(os.path.realpath(path))  # a link stays a link: its target is replaced
    if target.is_dir():
        raise ConfigurationError(f"{path} is a folder; give the file to write.")
    part = target.with_name(f".{uuid.uuid4().hex}.part")
    try:
        try:
            yield part
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be written: {error.strerror or type(error).__name__}; choose a path in "
            f"an existing folder with room and write access."
        ) from error


@contextmanager
def new_folder(path: str | Path) -> Iterator[Path]:
    """A folder whose content is at ``path`` if the block ends well, and else is deleted.

    An empty folder at ``path`` stays the same folder: it may be a volume, or where a shell is.

    Raises:
        ConfigurationError: If something is at ``path`` already, or the folder cannot be written.
    """
    target = Path(os.path.realpath(path))
    check_free_folder(path)
    missing = [folder for folder in (target, *target.parents) if not folder.exists()]
    part = (target.parent if missing else target) / f".{uuid.uuid4().hex}.part"
    try:
        try:
            part.mkdir(parents=True)
            yield part
            if missing:
                part.rename(target)
            else:
                if any(entry != part for entry in target.iterdir()):
                    raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY))
                for entry in part.iterdir():
                    entry.rename(target / entry.name)
        finally:
            shutil.rmtree(part, ignore_errors=True)
            for folder in missing:
                with suppress(OSError):  # it is not there, or has what was written
                    folder.rmdir()
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be written: {error.strerror or type(error).__name__}; choose a path "
            f"with room and write access."
        ) from error


class WrittenBeside:
    """Writes files in threads, so that the next ones are read meanwhile. See `written_beside`."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool
        self._waiting: deque[Future[int]] = deque()

    def write(self, path: Path, content: bytes) -> None:
        """Write a file some time before the block ends.

        Raises:
            OSError: If an earlier file cannot be written.
        """
        self._waiting.append(self._pool.submit(path.write_bytes, content))
        self.wait(_MOST_WAITING)

    def wait(self, most: int = 0) -> None:
        """Wait until at most so many files are left.

        Raises:
            OSError: If a file cannot be written.
        """
        while len(self._waiting) > most:
            self._waiting.popleft().result()


@contextmanager
def written_beside() -> Iterator[WrittenBeside]:
    """What writes files in threads; all are written when the block has ended well.

    Raises:
        OSError: If a file cannot be written.
    """
    with ThreadPoolExecutor(_WRITERS, "files") as pool:
        written = WrittenBeside(pool)
        try:
            yield written
            written.wait()
        finally:
            pool.shutdown(cancel_futures=True)


def check_free_folder(path: str | Path) -> None:
    """Check that nothing is at a path, or an empty folder.

    Raises:
        ConfigurationError: If something is.
    """
    target = Path(path)
    try:
        first = next(target.iterdir(), None) if target.is_dir() else target
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from error
    if first is None:
        return
    if target.is_dir():
        raise ConfigurationError(
            f"{path} is a folder with files, such as {first.name}; choose a new folder."
        )
    if os.path.lexists(target):
        raise ConfigurationError(f"{path} is a file; choose a new folder.")


def write_json(path: str | Path, value: Any) -> None:
    """Write values of JSON, as text that people can read.

    Raises:
        ConfigurationError: If the file cannot be written.
    """
    with replacing_file(path) as part:
        # Half a surrogate pair, as names of files may have, cannot be written.
        text = json.dumps(value, indent=2, ensure_ascii=False)
        part.write_text(f"{text}\n", "utf-8", "replace")


def check_suffix(path: str | Path, suffix: str) -> None:
    """Check that a file is named as what it will hold.

    Raises:
        ConfigurationError: If it is not.
    """
    if Path(path).suffix.lower() != suffix:
        raise ConfigurationError(f"{path} must end with {suffix}.")
