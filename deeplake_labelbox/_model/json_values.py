"""Lenient reads of JSON values: missing values and values of other types read as empty."""

from __future__ import annotations

import json
import math
import reprlib
from collections.abc import Mapping
from typing import Any

# Python refuses to read numbers of thousands of digits.
_MAX_DIGITS = 100
_MAX_ID = 10**_MAX_DIGITS

_MAX_INT32 = 2**31 - 1
_MAX_NUMBER = 2**53

_SHORT = reprlib.Repr()
_SHORT.maxstring = 100


def parse_json(text: str) -> Any:
    """Parse JSON; an integer with more digits than Python reads becomes infinite.

    Raises:
        ValueError: If the text is not JSON.
        RecursionError: If it is nested too deep.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        raise
    except ValueError:
        return json.loads(text, parse_int=parse_int)


def parse_int(digits: str) -> int | float:
    """Parse an integer of JSON; one with more digits than Python reads becomes infinite."""
    return int(digits) if len(digits) < _MAX_DIGITS else float(digits)


def as_mapping(value: Any) -> Mapping[str, Any]:
    """Return the value if it is an object, else an empty object."""
    return value if isinstance(value, Mapping) else {}


def as_list(value: Any) -> list[Any]:
    """Return a list unchanged, a single value as a list of one, ``None`` as an empty list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def as_text(value: Any) -> str | None:
    """Return a text or a finite number as text; ``None`` for anything else."""
    if isinstance(value, str):
        return value
    is_int = isinstance(value, int) and not isinstance(value, bool) and abs(value) < _MAX_ID
    is_float = isinstance(value, float) and math.isfinite(value)
    return str(value) if is_int or is_float else None


def short(value: Any) -> str:
    """Shorten a value for a message."""
    try:
        return _SHORT.repr(value)
    except ValueError:
        return f"a {type(value).__name__} with a number too long"


def as_number(value: Any) -> float | None:
    """Return a number up to 2**53; ``None`` for anything else."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    # Deep Lake cannot read back the statistics of a column with the largest numbers.
    return float(value) if abs(value) <= _MAX_NUMBER else None


def as_int32(value: Any) -> int | None:
    """Return a whole number from 0 to 2**31 - 1; ``None`` for anything else."""
    number = as_number(value)
    if number is None or not number.is_integer() or not 0 <= number <= _MAX_INT32:
        return None
    return int(number)


def as_frame_number(value: Any) -> int | None:
    """Return a frame number from 1 on, given as text or number; ``None`` for anything else."""
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
