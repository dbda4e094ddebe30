"""Whether what Deep Lake wrote to a local disk is there.

Deep Lake 4.7.4 does not look at the outcome of its writes: on a full disk ``append`` and ``commit``
go through, files of 0 bytes are left behind, and their rows cannot be read. So it is asked before
whether there is room, and checked afterwards whether the files have the size that they must have.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
from pathlib import Path
from typing import Final

import deeplake

from deeplake_labelbox.errors import DatasetError

logger = logging.getLogger(__name__)

# Deep Lake's own files: logs of commits and locks, some of which are empty.
_LOG: Final = "_deeplake_log"
# Room that a commit needs beside the values: its logs, and what is smaller than a block.
_MARGIN: Final = 4 << 20


class WrittenFiles:
    """Watches the files of a dataset; does nothing for one that is not on a local disk.

    Args:
        path: Path of the dataset.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._folder = None if "://" in path else Path(path)
        self._known = frozenset(self._files())

    @classmethod
    def of(cls, dataset: deeplake.Dataset) -> WrittenFiles:
        """Watch the files of an open dataset, whose path its pickled form tells."""
        try:
            (state,) = dataset.__getstate__()
            return cls(str(json.loads(state)["writer"]["url"]))
        except (AttributeError, KeyError, TypeError, ValueError):
            logger.debug("Deep Lake does not tell the path of the dataset; its disk is unwatched.")
            return cls("unknown://")

    def check_room(self, size: int) -> None:
        """Check that there is room before values are written.

        Args:
            size: Bytes that are to be written.

        Raises:
            DatasetError: If there is not.
        """
        if self._folder is not None and self._folder.exists():
            free = shutil.disk_usage(self._folder).free
            if free < size + _MARGIN:
                raise self._full(f"{free >> 20} MiB are left")

    def check_written(self, size: int = 0) -> None:
        """Check the files that appeared since the last call, after a commit.

        Args:
            size: Bytes that they must have together, at least.

        Raises:
            DatasetError: If they are empty or shorter, or the disk is full.
        """
        if self._folder is None:
            return
        files = self._files()
        new = [found for path, found in files.items() if path not in self._known]
        self._known = frozenset(files)
        if sum(new) < size or not all(new):
            raise self._full(f"{sum(new)} of {size} bytes were written, or files are empty")
        self.check_room(0)

    def _files(self) -> dict[str, int]:
        """Size of each file by path."""
        found = {}
        for folder, folders, names in os.walk(self._folder) if self._folder is not None else ():
            if _LOG in folders:
                folders.remove(_LOG)
            for name in names:
                path = os.path.join(folder, name)  # noqa: PTH118 - of many files, as text
                found[path] = os.stat(path).st_size  # noqa: PTH116 - the same
        return found

    def _full(self, why: str) -> DatasetError:
        return DatasetError(
            f"The disk of the dataset {self._path} is full, or a quota on it: {why}. Free some "
            f"space and run again; what is complete stays."
        )
