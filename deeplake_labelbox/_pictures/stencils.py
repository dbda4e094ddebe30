"""Draw with anti-aliasing on the parts of a picture that a shape touches.

Pillow draws without anti-aliasing, so a mask is drawn larger and scaled down. This takes time for
each pixel, so masks are made only around outlines, not for whole pictures.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

from PIL import Image, ImageDraw

from deeplake_labelbox._pictures.colors import Color

Region = tuple[int, int, int, int]
"""Left, top, right, bottom in whole pixels of a picture; right and bottom are outside."""

_OVERSAMPLING: Final = 3
_TILE: Final = 96


class Stencil:
    """The mask of a region, drawn on in pixels of the picture.

    Args:
        region: The region, within the picture.
    """

    def __init__(self, region: Region) -> None:
        self._region = region
        left, top, right, bottom = region
        size = ((right - left) * _OVERSAMPLING, (bottom - top) * _OVERSAMPLING)
        self._mask = Image.new("L", size)
        self._draw = ImageDraw.Draw(self._mask)

    def frame(self, box: Sequence[float], width: float, opacity: int) -> None:
        """Draw the edge of a box (left, top, right, bottom), inwards."""
        corners = [self._place(*box[:2]), self._place(*box[2:])]
        self._draw.rectangle(corners, outline=opacity, width=round(width * _OVERSAMPLING))

    def line(
        self, start: Sequence[float], end: Sequence[float], width: float, opacity: int
    ) -> None:
        """Draw a straight line."""
        ends = [self._place(*start), self._place(*end)]
        self._draw.line(ends, opacity, round(width * _OVERSAMPLING))

    def dot(self, center: Sequence[float], radius: float, opacity: int) -> None:
        """Draw a filled circle."""
        x, y = self._place(*center)
        size = radius * _OVERSAMPLING
        self._draw.ellipse((x - size, y - size, x + size, y + size), fill=opacity)

    def blend(self, picture: Image.Image, color: Color) -> None:
        """Blend a color into the region of the picture; a mask value of 255 is opaque."""
        picture.paste(color, self._region, self._mask.reduce(_OVERSAMPLING))

    def _place(self, x: float, y: float) -> tuple[float, float]:
        left, top, *_ = self._region
        return (x - left) * _OVERSAMPLING, (y - top) * _OVERSAMPLING


def region_around(
    picture: Image.Image, left: float, top: float, right: float, bottom: float
) -> Region:
    """Return the region of whole pixels around a rectangle; empty if it is outside the picture."""
    return (
        max(math.floor(left), 0),
        max(math.floor(top), 0),
        min(math.ceil(right) + 1, picture.width),
        min(math.ceil(bottom) + 1, picture.height),
    )


def tiles(region: Region) -> Iterator[Region]:
    """Split a region into parts of limited size."""
    left, top, right, bottom = region
    for y in range(top, bottom, _TILE):
        for x in range(left, right, _TILE):
            yield x, y, min(x + _TILE, right), min(y + _TILE, bottom)


def edges(region: Region, thickness: float) -> Iterator[Region]:
    """Return the parts of a region along its edges, or the whole if parts save no time."""
    left, top, right, bottom = region
    depth = math.ceil(thickness) + 2
    parts = [region]
    size = (right - left, bottom - top)
    if min(size) > 2 * depth and size[0] * size[1] > _TILE**2:
        parts = [
            (left, top, right, top + depth),
            (left, bottom - depth, right, bottom),
            (left, top + depth, left + depth, bottom - depth),
            (right - depth, top + depth, right, bottom - depth),
        ]
    return (part for part in parts if part[0] < part[2] and part[1] < part[3])
