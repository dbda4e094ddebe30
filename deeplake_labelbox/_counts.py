"""Numbers of things in words."""

from __future__ import annotations


def counted(count: int, noun: str) -> str:
    """A number of things: ``1 frame``, ``2,000 frames``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
