"""Lenient reads of JSON values: what is absent or of another shape reads as empty."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def as_mapping(value: Any) -> Mapping[str, Any]:
    """The object itself, or an empty one."""
    return value if isinstance(value, Mapping) else {}


def as_list(value: Any) -> list[Any]:
    """The list itself; a single value as a list of one, nothing as an empty list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def as_text(value: Any) -> str | None:
    """The value as text."""
    return None if value is None else str(value)


def as_frame_number(value: Any) -> int | None:
    """A frame number from 1 on; exports write them as text or as number."""
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    # Beyond 2**53 the numbers of JSON are not exact, and no video is that long.
    return number if 1 <= number < 2**53 else None
