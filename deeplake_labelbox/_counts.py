"""Numbers of things in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """A number of things: ``1 frame``, ``2,000 frames``, ``3 boxes``."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def repeated(what: str, count: int) -> str:
    """A statement, and how often it is true: ``no box`` once, ``no box (3 times)``."""
    return what if count == 1 else f"{what} ({count:,} times)"


def some_of(names: Sequence[str], most: int = 3) -> str:
    """The first names, and how many more there are: ``a.mp4, b.mp4, c.mp4 and 2 more``."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"


def tally(names: Sequence[str]) -> str:
    """Names with their numbers: ``2 car, person``."""
    return ", ".join(
        name if count == 1 else f"{count:,} {name}" for name, count in Counter(names).items()
    )
