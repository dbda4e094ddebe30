"""How objects of each kind are drawn onto a frame, and where their tags go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import ImageDraw

from deeplake_labelbox._model.annotations import ToolKind
from deeplake_labelbox._pictures.colors import INK, Color

XY = tuple[float, float]
Rectangle = tuple[float, float, float, float]
"""Left, top, right, bottom."""

_SHAPE_FILL: Final = 44


@dataclass(frozen=True, slots=True)
class Painter:
    """Draws the objects of a kind.

    Attributes:
        bounds: What the tag stays beside, in pixels of the picture, from a shape and the scale of
            the picture; ``None`` for an empty shape.
        draw: Draws a shape; masks are blended with the picture instead.
        is_on_top: Whether it is drawn after the others, because it is small.
        is_solid: Whether the tags of others should not cover it.
        is_tagged_inside: Whether its tag may cover it.
    """

    bounds: Callable[[NDArray[Any], XY], Rectangle | None]
    draw: Callable[[ImageDraw.ImageDraw, NDArray[Any], XY, Color, float], None] = lambda *_: None
    is_on_top: bool = False
    is_solid: bool = False
    is_tagged_inside: bool = False


def _box(
    draw: ImageDraw.ImageDraw, box: NDArray[np.float32], zoom: XY, color: Color, stroke: float
) -> None:
    left, top, width, height = (float(value) for value in box)
    x0, x1 = sorted((left * zoom[0], (left + width) * zoom[0]))
    y0, y1 = sorted((top * zoom[1], (top + height) * zoom[1]))
    edge = stroke * 0.45
    draw.rectangle((x0, y0, x1, y1), fill=(*color, _SHAPE_FILL // 2))
    around = (x0 - stroke / 2, y0 - stroke / 2, x1 + stroke / 2, y1 + stroke / 2)
    outer = (around[0] - edge, around[1] - edge, around[2] + edge, around[3] + edge)
    draw.rectangle(outer, outline=(*INK, 150), width=round(stroke + 2 * edge))
    draw.rectangle(around, outline=(*color, 255), width=round(stroke))


def _point(
    draw: ImageDraw.ImageDraw, point: NDArray[np.float32], zoom: XY, color: Color, stroke: float
) -> None:
    x, y = float(point[0]) * zoom[0], float(point[1]) * zoom[1]
    rings = ((3.6, (*INK, 170)), (3.0, (255, 255, 255, 255)), (2.2, (*color, 255)))
    for size, ink in rings:
        radius = stroke * size
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=ink)


def _path(
    draw: ImageDraw.ImageDraw,
    vertices: NDArray[np.float32],
    zoom: XY,
    color: Color,
    stroke: float,
    *,
    closed: bool,
) -> None:
    path = [(float(x) * zoom[0], float(y) * zoom[1]) for x, y in vertices]
    if not path:
        return
    if closed and len(path) > 2:
        draw.polygon(path, fill=(*color, _SHAPE_FILL))
    around = [*path, path[0]] if closed else path
    if len(around) > 1:
        draw.line(around, (*INK, 150), round(stroke * 1.9), joint="curve")
        draw.line(around, (*color, 255), round(stroke), joint="curve")
    for x, y in path:
        for size, ink in ((1.7, (*INK, 170)), (1.2, (*color, 255))):
            radius = stroke * size
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=ink)


def _bounds_of_box(box: NDArray[np.float32], scale: XY) -> Rectangle:
    left, top, width, height = (float(value) for value in box)
    x0, x1 = sorted((left * scale[0], (left + width) * scale[0]))
    y0, y1 = sorted((top * scale[1], (top + height) * scale[1]))
    return x0, y0, x1, y1


def _bounds_of_point(point: NDArray[np.float32], scale: XY) -> Rectangle:
    x, y = float(point[0]) * scale[0], float(point[1]) * scale[1]
    return x - 8, y - 8, x + 8, y + 8


def _bounds_of_path(vertices: NDArray[np.float32], scale: XY) -> Rectangle | None:
    """Around the vertex in the middle."""
    if not len(vertices):
        return None
    x, y = vertices[len(vertices) // 2] * np.asarray(scale)
    return float(x) - 6, float(y) - 6, float(x) + 6, float(y) + 6


def _bounds_of_mask(mask: NDArray[np.bool_], scale: XY) -> Rectangle | None:
    """The pixel that is nearest to the middle: the middle itself may be outside."""
    rows, columns = np.nonzero(mask)
    if not len(rows):
        return None
    middle = np.argmin((rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2)
    x, y = (columns[middle] + 0.5) * scale[0], (rows[middle] + 0.5) * scale[1]
    return x, y, x, y


PAINTERS: Final[Mapping[ToolKind, Painter]] = {
    "rectangle": Painter(_bounds_of_box, _box, is_solid=True),
    "point": Painter(_bounds_of_point, _point, is_on_top=True, is_solid=True),
    "line": Painter(_bounds_of_path, partial(_path, closed=False)),
    "polygon": Painter(_bounds_of_path, partial(_path, closed=True)),
    "raster-segmentation": Painter(_bounds_of_mask, is_tagged_inside=True),
}
"""The painter of each kind."""
