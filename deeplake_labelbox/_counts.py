"""Numbers of things in words."""

from __future__ import annotations


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """A number of things: ``1 frame``, ``2,000 frames``, ``3 boxes``."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"
