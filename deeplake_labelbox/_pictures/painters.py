"""Draw objects of each kind onto a frame, and find the places of their tags."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from deeplake_labelbox._model.annotations import ToolKind
from deeplake_labelbox._pictures.colors import INK, Color
from deeplake_labelbox._pictures.stencils import Stencil, edges, region_around, tiles

XY = tuple[float, float]
Rectangle = tuple[float, float, float, float]
"""Left, top, right, bottom."""

_SHAPE_FILL: Final = 44


@dataclass(frozen=True, slots=True)
class Painter:
    """Draws the objects of a kind.

    Attributes:
        bounds: Returns the rectangle beside which the tag goes, in pixels of the picture, for a
            shape and the scale of the picture; ``None`` for an empty shape.
        draw: Draws a shape onto an RGB picture; masks are drawn in `overlay`.
        is_on_top: Whether it is drawn after the others, because it is small.
        is_solid: Whether the tags of others should not cover it.
        is_tagged_inside: Whether its tag may cover it.
    """

    bounds: Callable[[NDArray[Any], XY], Rectangle | None]
    draw: Callable[[Image.Image, NDArray[Any], XY, Color, float], None] = lambda *_: None
    is_on_top: bool = False
    is_solid: bool = False
    is_tagged_inside: bool = False


def _box(
    picture: Image.Image, box: NDArray[np.float32], scale: XY, color: Color, stroke: float
) -> None:
    x0, y0, x1, y1 = _bounds_of_box(box, scale)
    edge = stroke * 0.45
    around = (x0 - stroke / 2, y0 - stroke / 2, x1 + stroke / 2, y1 + stroke / 2)
    outer = (around[0] - edge, around[1] - edge, around[2] + edge, around[3] + edge)
    _filling(picture).rectangle((x0, y0, x1, y1), fill=(*color, _SHAPE_FILL // 2))
    for region in edges(region_around(picture, *outer), stroke + 2 * edge):
        dark, bright = Stencil(region), Stencil(region)
        dark.frame(outer, stroke + 2 * edge, 150)
        bright.frame(around, stroke, 255)
        dark.blend(picture, INK)
        bright.blend(picture, color)


def _point(
    picture: Image.Image, point: NDArray[np.float32], scale: XY, color: Color, stroke: float
) -> None:
    x, y = float(point[0]) * scale[0], float(point[1]) * scale[1]
    rings = ((3.6, INK, 170), (3.0, (255, 255, 255), 255), (2.2, color, 255))
    for size, ink, opacity in rings:
        radius = stroke * size
        for region in tiles(region_around(picture, x - radius, y - radius, x + radius, y + radius)):
            ring = Stencil(region)
            ring.dot((x, y), radius, opacity)
            ring.blend(picture, ink)


def _path(
    picture: Image.Image,
    vertices: NDArray[np.float32],
    scale: XY,
    color: Color,
    stroke: float,
    *,
    closed: bool,
) -> None:
    if not len(vertices):
        return
    path = vertices.astype(np.float64) * scale
    if closed and len(path) > 2:
        _filling(picture).polygon(path.ravel().tolist(), fill=(*color, _SHAPE_FILL))
    starts, ends = (path, np.roll(path, -1, axis=0)) if closed else (path[:-1], path[1:])
    lines = np.stack([starts, ends], axis=1)
    pad = stroke * 2
    whole = region_around(picture, *(path.min(axis=0) - pad), *(path.max(axis=0) + pad))
    for region in tiles(whole):
        low, high = np.array(region[:2]) - pad, np.array(region[2:]) + pad
        near = ((lines.max(axis=1) >= low) & (lines.min(axis=1) <= high)).all(axis=1)
        if not near.any() and len(path) > 1:
            continue
        dark, bright = Stencil(region), Stencil(region)
        for start, end in lines[near].tolist():
            dark.line(start, end, stroke * 1.9, 150)
            bright.line(start, end, stroke, 255)
        for dot in path[((path >= low) & (path <= high)).all(axis=1)].tolist():
            dark.dot(dot, stroke * 1.7, 170)
            bright.dot(dot, stroke * 1.7, 0)
            bright.dot(dot, stroke * 1.2, 255)
        dark.blend(picture, INK)
        bright.blend(picture, color)


def _filling(picture: Image.Image) -> ImageDraw.ImageDraw:
    """Return what draws translucent colors; edges are not anti-aliased, so outlines cover them."""
    return ImageDraw.Draw(picture, "RGBA")


def _bounds_of_box(box: NDArray[np.float32], scale: XY) -> Rectangle:
    left, top, width, height = (float(value) for value in box)
    x0, x1 = sorted((left * scale[0], (left + width) * scale[0]))
    y0, y1 = sorted((top * scale[1], (top + height) * scale[1]))
    return x0, y0, x1, y1


def _bounds_of_point(point: NDArray[np.float32], scale: XY) -> Rectangle:
    x, y = float(point[0]) * scale[0], float(point[1]) * scale[1]
    return x - 8, y - 8, x + 8, y + 8


def _bounds_of_path(vertices: NDArray[np.float32], scale: XY) -> Rectangle | None:
    """Return a square around the middle vertex."""
    if not len(vertices):
        return None
    x, y = vertices[len(vertices) // 2] * np.asarray(scale)
    return float(x) - 6, float(y) - 6, float(x) + 6, float(y) + 6


def _bounds_of_mask(mask: NDArray[np.bool_], scale: XY) -> Rectangle | None:
    """Return the pixel of the mask nearest to its center, which may be outside."""
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
