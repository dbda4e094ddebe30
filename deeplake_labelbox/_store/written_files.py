"""Check the files that Deep Lake writes to a local disk.

Deep Lake 4.7.4 does not check the result of its writes: on a full disk, ``append`` and ``commit``
succeed, files of 0 bytes are left behind, and their rows cannot be read. So free space is checked
before writing, and the sizes of files afterwards.
"""

from __future__ import annotations

import logging
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import deeplake

from deeplake_labelbox._store.location import DatasetLocation
from deeplake_labelbox.errors import DatasetError

logger = logging.getLogger(__name__)

# Deep Lake's own files: logs of commits and locks, some of which are empty.
_LOG: Final = "_deeplake_log"
# Space that a commit needs besides the values, for its logs and partly filled blocks.
_MARGIN: Final = 4 << 20
# Longest step of a file system's clock, in nanoseconds (FAT has two seconds).
_CLOCK_STEP: Final = 2_500_000_000


@dataclass(frozen=True, slots=True)
class _Folder:
    """The listing of a folder.

    Attributes:
        changed: Time of its last change, in nanoseconds.
        may_have_changed: Whether it changed just before; then a later change may have the same
            time.
        folders: The folders in it.
    """

    changed: int
    may_have_changed: bool
    folders: list[str]


class WrittenFiles:
    """Watches the files of a dataset; does nothing if it is not on a local disk.

    Args:
        path: Path of the dataset.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._folder = None if "://" in path else Path(path)
        self._known: set[str] = set()
        self._seen: dict[str, _Folder] = {}
        if self._folder is not None and self._folder.exists():
            self._new_files()

    @classmethod
    def of(cls, dataset: deeplake.Dataset) -> WrittenFiles:
        """Watch the files of an open dataset; its path is in its pickled form."""
        try:
            return cls(DatasetLocation.of_dataset(dataset).path)
        except DatasetError:
            logger.debug("Deep Lake does not give the path of the dataset; not checking its disk.")
            return cls("unknown://")

    def check_room(self, size: int) -> None:
        """Check the free space before values are written.

        Args:
            size: Number of bytes to write.

        Raises:
            DatasetError: If there is not enough space.
        """
        if self._folder is not None and self._folder.exists():
            free = shutil.disk_usage(self._folder).free
            if free < size + _MARGIN:
                raise self._full(f"{free >> 20} MiB are left")

    def check_written(self, size: int = 0) -> None:
        """Check the files that appeared since the last call, after a commit.

        Args:
            size: Their minimum total size in bytes.

        Raises:
            DatasetError: If they are empty or shorter, or the disk is full.
        """
        if self._folder is None:
            return
        new = self._new_files()
        if sum(new) < size or not all(new):
            raise self._full(f"{sum(new)} of {size} bytes were written, or files are empty")
        self.check_room(0)

    def _new_files(self) -> list[int]:
        """Sizes of the files that were not seen before.

        Only folders that changed are listed: a dataset of a thousand videos has thousands.
        """
        sizes = []
        waiting = [] if self._folder is None else [str(self._folder)]
        while waiting:
            path = waiting.pop()
            changed = os.stat(path).st_mtime_ns  # noqa: PTH116 - of many folders, as text
            known = self._seen.get(path)
            if known is None or known.changed != changed or known.may_have_changed:
                seen = time.time_ns()
                folders = []
                for entry in os.scandir(path):
                    if entry.is_dir(follow_symlinks=False):
                        if entry.name != _LOG:
                            folders.append(entry.path)
                    elif entry.path not in self._known:
                        self._known.add(entry.path)
                        sizes.append(entry.stat().st_size)
                known = self._seen[path] = _Folder(changed, seen - changed < _CLOCK_STEP, folders)
            waiting += known.folders
        return sizes

    def _full(self, why: str) -> DatasetError:
        return DatasetError(
            f"The disk of the dataset {self._path} or its quota is full: {why}. Free some space "
            f"and run again; committed data is kept."
        )
