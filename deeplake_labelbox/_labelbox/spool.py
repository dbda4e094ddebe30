"""The files of exports: replaced only when complete, or temporary."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from deeplake_labelbox._files import replacing_file

if TYPE_CHECKING:
    from collections.abc import Iterator


class TemporaryFolder:
    """A private folder that lives as long as this object, or as the process.

    ``tempfile.TemporaryDirectory`` warns when it is garbage-collected, and a forked child (a data
    loader's worker) would empty it; this one supports both.

    Attributes:
        path: The folder.
    """

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="deeplake-labelbox-"))
        weakref.finalize(self, _remove, str(self.path), os.getpid())


def _remove(path: str, owner: int) -> None:
    if os.getpid() == owner:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a file that replaces ``path`` if the block ends without an error.

    Args:
        path: The file; an older one is kept until the new one is complete.

    Yields:
        A binary file beside ``path``, open for writing; it is on the disk before it replaces
        ``path``.

    Raises:
        ConfigurationError: If the file cannot be written.
    """
    with replacing_file(path) as part, part.open("xb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
