"""The size that frames are scaled to."""

from __future__ import annotations

from typing import TypeAlias

from deeplake_labelbox._video.container import MAX_PIXELS
from deeplake_labelbox.errors import ConfigurationError

Resize: TypeAlias = int | tuple[int, int]
"""Longest side in pixels, which keeps the proportions and leaves smaller videos as they are, or
exact (width, height)."""


def check_resize(resize: Resize | None) -> None:
    """Check the option.

    Raises:
        ConfigurationError: If it is not a size.
    """
    if resize is None:
        return
    sides: tuple[object, ...] = resize if isinstance(resize, tuple) else (resize, resize)
    whole = [side for side in sides if isinstance(side, int) and not isinstance(side, bool)]
    if len(sides) != 2 or len(whole) != 2 or min(whole) < 1 or whole[0] * whole[1] > MAX_PIXELS:
        raise ConfigurationError(
            f"`resize` is {resize!r}; give the longest side in pixels, or (width, height), of at "
            f"most {MAX_PIXELS} pixels."
        )


def resized(width: int, height: int, resize: Resize | None) -> tuple[int, int]:
    """Return width and height of the scaled frames of a video, from its size as displayed."""
    if resize is None:
        return width, height
    if not isinstance(resize, int):
        return resize[0], resize[1]
    longest = max(width, height)
    if longest <= resize:
        return width, height
    return max(1, round(width * resize / longest)), max(1, round(height * resize / longest))
