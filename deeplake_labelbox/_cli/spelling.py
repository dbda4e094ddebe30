"""Show arguments in messages of the library as options of the command.

A message names an argument in backticks, with or without a value: `overwrite=True`. The parameters
of a command have the names of these arguments, so its options can be looked up by name.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

MARK: Final = re.compile(r"`([a-z_]+)(?:=([^`]+))?`")
_QUOTES: Final = str.maketrans("", "", "{}'")

_options: Mapping[str, str] = {}


@contextmanager
def options_of(options: Mapping[str, str]) -> Iterator[None]:
    """Replace arguments in messages by these options while a command runs.

    Args:
        options: The option by name of the argument.
    """
    global _options  # noqa: PLW0603 - a process runs one command, and its threads log too
    before, _options = _options, {**_options, **options}
    try:
        yield
    finally:
        _options = before


def in_options(message: str) -> str:
    """Replace the arguments in a message by options of the running command."""
    return MARK.sub(_spelled, message)


def _spelled(mark: re.Match[str]) -> str:
    name, value = mark.groups()
    option = _options.get(name)
    if option is None:
        return f"{mark[0].strip('`')} (in Python)"
    if value in (None, "True"):
        return option
    if value == "{}":
        return f"no {option}"
    if not value.startswith("{"):
        return f"{option} {shlex.quote(value.translate(_QUOTES))}"
    pairs = value.translate(_QUOTES).replace(": ", "=").split(", ")
    return " ".join(f"{option} {shlex.quote(pair)}" for pair in pairs)
