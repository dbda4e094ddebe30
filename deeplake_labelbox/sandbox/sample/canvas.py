"""Draw pictures in fractional pixel coordinates, without jagged edges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from deeplake_labelbox.sandbox.sample.tracks import RGB, XY, Outline

    Ink = RGB | tuple[int, int, int, int]

SCALE = 2
"""Pictures are drawn this many times larger, then averaged, which smooths the edges."""


class Canvas:
    """An RGB picture; inks are RGB, or RGBA to blend with the picture."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self._use(Image.new("RGB", (width * SCALE, height * SCALE)))

    def _use(self, image: Image.Image) -> None:
        self._image = image
        self._draw = ImageDraw.Draw(image, "RGBA")

    def copy(self) -> Canvas:
        """Return an independent canvas with the same picture."""
        other = Canvas.__new__(Canvas)
        other.width, other.height = self.width, self.height
        other._use(self._image.copy())  # noqa: SLF001 - the same class
        return other

    def to_array(self) -> NDArray[np.uint8]:
        """Return the picture as (height, width, 3) uint8 RGB."""
        return np.asarray(self._image.reduce(SCALE))

    def gradient(self, top: float, bottom: float, *stops: RGB) -> None:
        """Fill a band of the whole width with a color gradient."""
        first, last = round(top * SCALE), round(bottom * SCALE)
        places = np.linspace(0, len(stops) - 1, last - first)
        bands = np.stack(
            [
                np.interp(places, range(len(stops)), [stop[channel] for stop in stops])
                for channel in range(3)
            ],
            axis=-1,
        ).astype(np.uint8)
        wide = np.repeat(bands[:, None, :], self.width * SCALE, axis=1)
        self._image.paste(Image.fromarray(wide), (0, first))

    def polygon(self, vertices: Iterable[XY], ink: Ink) -> None:
        """Fill a polygon."""
        self._draw.polygon(_scaled(vertices), fill=ink)

    def rectangle(
        self, left: float, top: float, right: float, bottom: float, ink: Ink, *, radius: float = 0
    ) -> None:
        """Fill a rectangle, optionally with rounded corners."""
        edges = (left * SCALE, top * SCALE, right * SCALE - 1, bottom * SCALE - 1)
        if edges[2] <= edges[0] or edges[3] <= edges[1]:
            return
        if radius:
            self._draw.rounded_rectangle(edges, radius * SCALE, fill=ink)
        else:
            self._draw.rectangle(edges, fill=ink)

    def ellipse(self, x: float, y: float, rx: float, ry: float, ink: Ink) -> None:
        """Fill an ellipse around its center."""
        edges = ((x - rx) * SCALE, (y - ry) * SCALE, (x + rx) * SCALE, (y + ry) * SCALE)
        self._draw.ellipse(edges, fill=ink)

    def glow(self, x: float, y: float, radius: float, color: RGB, strength: int) -> None:
        """Draw light around a lamp: discs that add up towards the middle."""
        for part in (1.0, 0.88, 0.76, 0.64, 0.53, 0.43, 0.34, 0.26):
            self.ellipse(x, y, radius * part, radius * part, (*color, strength // 2))

    def line(self, vertices: Sequence[XY], ink: Ink, *, width: float = 1) -> None:
        """Draw a polyline."""
        thick = max(1, round(width * SCALE))
        self._draw.line(_scaled(vertices), fill=ink, width=thick, joint="curve")

    def arc(self, x: float, y: float, radius: float, angles: tuple[int, int], ink: Ink) -> None:
        """Draw part of a circle, between angles in degrees clockwise from the right."""
        edges = (
            (x - radius) * SCALE,
            (y - radius) * SCALE,
            (x + radius) * SCALE,
            (y + radius) * SCALE,
        )
        self._draw.arc(edges, *angles, fill=ink, width=round(1.5 * SCALE))

    def text(self, x: float, y: float, text: str, ink: Ink, *, size: float) -> None:
        """Write a text around its middle, ``size`` pixels high."""
        font = ImageFont.load_default(size * SCALE)
        self._draw.text((x * SCALE, y * SCALE), text, fill=ink, font=font, anchor="mm")


def rasterize(outline: Outline, width: int, height: int) -> NDArray[np.bool_]:
    """Return the mask of an outline: (height, width), True where most of a pixel is inside."""
    image = Image.new("L", (width * SCALE, height * SCALE))
    draw = ImageDraw.Draw(image)
    for part in outline.parts:
        draw.polygon(_scaled(part), fill=255)
    for part in outline.hidden_by:
        draw.polygon(_scaled(part), fill=0)
    return np.asarray(image.reduce(SCALE)) >= 128


def _scaled(vertices: Iterable[XY]) -> list[XY]:
    return [(x * SCALE, y * SCALE) for x, y in vertices]
