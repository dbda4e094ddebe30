"""Files that are written whole, or not at all."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from deeplake_labelbox.errors import ConfigurationError


@contextmanager
def replacing_file(path: str | Path) -> Iterator[Path]:
    """A path beside ``path``; what is written to it takes its place if the block ends well.

    Raises:
        ConfigurationError: If the file cannot be written.
    """
    target = Path(path)
    if target.is_dir():
        raise ConfigurationError(f"{path} is a folder; give the file to write.")
    part = target.with_name(f".{uuid.uuid4().hex}.part")
    try:
        try:
            yield part
            part.replace(Path(os.path.realpath(target)))
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be written: {error.strerror or type(error).__name__}; choose a path in "
            f"an existing folder with room and write access."
        ) from error


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
