"""Files that an export is written into: complete or not there, and temporary ones that go away."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
import weakref
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from deeplake_labelbox.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator


class TemporaryFolder:
    """A private folder that lives as long as this object, or as the process.

    ``tempfile.TemporaryDirectory`` warns when it is left to the garbage collector and would be
    emptied by a forked child (a data loader's worker); this one is meant for both.

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
    """Opens a file that takes the place of ``path`` only when the block ends without an error.

    Args:
        path: Where the file shall be. What is there is kept until the new file is complete.

    Yields:
        A binary file beside ``path``, open for writing.

    Raises:
        ConfigurationError: The file cannot be written.
    """
    target = Path(os.path.realpath(path))  # a link stays a link: its target is replaced
    if target.is_dir():
        raise ConfigurationError(f"{path} is a folder; pass the path of a file to write to.")
    part = target.with_name(f".{target.name[:100]}.{uuid.uuid4().hex}.part")
    try:
        try:
            with part.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"The export cannot be written to {path}: {error.strerror or type(error).__name__}; "
            "choose a path in an existing folder with room and write access."
        ) from error
