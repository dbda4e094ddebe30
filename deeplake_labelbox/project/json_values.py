"""Lenient reads of JSON values: what is absent or of another shape reads as empty."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Python refuses to read numbers of thousands of digits.
_MAX_DIGITS = 100


def as_mapping(value: Any) -> Mapping[str, Any]:
    """The object itself, or an empty one."""
    return value if isinstance(value, Mapping) else {}


def as_list(value: Any) -> list[Any]:
    """The list itself; a single value as a list of one, nothing as an empty list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def as_text(value: Any) -> str | None:
    """A text or a number as text; anything else, which can name nothing, as ``None``."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def as_frame_number(value: Any) -> int | None:
    """A frame number from 1 on; exports write them as text or as number."""
    if isinstance(value, str):
        is_whole = value.isdecimal() and len(value) < _MAX_DIGITS
    elif isinstance(value, float):
        is_whole = value.is_integer()
    else:
        is_whole = isinstance(value, int) and not isinstance(value, bool)
    if not is_whole:
        return None
    number = int(value)
    # Beyond 2**53 the numbers of JSON are not exact, and no video is that long.
    return number if 1 <= number < 2**53 else None
