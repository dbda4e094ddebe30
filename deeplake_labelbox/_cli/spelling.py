"""Show arguments in messages of the library as options of the command.

A message names an argument in backticks, with or without a value: `overwrite=True`. The parameters
of a command have the names of these arguments, so its options can be looked up by name. If only
other commands have the option, they are named: "--labels all of create or annotate".
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from deeplake_labelbox._formats.registry import listed

MARK: Final = re.compile(r"`([a-z_]+)(?:=([^`]+))?`")
_QUOTES: Final = str.maketrans("", "", "{}'")

_options: Mapping[str, str] = {}
_every: Mapping[str, Mapping[str, str]] = {}


@contextmanager
def options_of(
    options: Mapping[str, str], every: Mapping[str, Mapping[str, str]] | None = None
) -> Iterator[None]:
    """Replace arguments in messages by these options while a command runs.

    Args:
        options: The option by name of the argument.
        every: The same for each command, by its name; by default as before.
    """
    # A process runs one command, and its threads log too.
    global _options, _every
    before = _options, _every
    _options, _every = {**_options, **options}, _every if every is None else every
    try:
        yield
    finally:
        _options, _every = before


def in_options(message: str) -> str:
    """Replace the arguments in a message by options of the running command, or of others."""
    return MARK.sub(_spelled, message)


def _spelled(mark: re.Match[str]) -> str:
    name, value = mark.groups()
    if name in _options:
        return _with_value(_options[name], value)
    others = {command: options[name] for command, options in _every.items() if name in options}
    if not others:
        return f"{mark[0].strip('`')} (in Python)"
    return f"{_with_value(next(iter(others.values())), value)} of {listed(others, 'or')}"


def _with_value(option: str, value: str | None) -> str:
    if value in (None, "True"):
        return option
    if value == "{}":
        return f"no {option}"
    if not value.startswith("{"):
        return f"{option} {shlex.quote(value.translate(_QUOTES))}"
    pairs = value.translate(_QUOTES).replace(": ", "=").split(", ")
    return " ".join(f"{option} {shlex.quote(pair)}" for pair in pairs)
