"""Lines and polygons: geometries with any number of vertices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from deeplake_labelbox._model.annotations import Track
from deeplake_labelbox._model.interpolation import moving_vertices
from deeplake_labelbox._model.kinds.geometry import (
    Bools,
    Floats,
    GeometryKind,
    Shapes,
    factors,
    inside,
    number,
    point_of,
)
from deeplake_labelbox._model.visibility import VisibleFrames


class _Vertices(GeometryKind):
    """Values are (V, 2) arrays; they move linearly if two key frames have equally many vertices."""

    fewest: ClassVar[int]

    def read(self, value: Any, key: str) -> Floats:  # noqa: ARG002 - masks have several
        if not isinstance(value, list):
            raise TypeError("its vertices are not a list")
        pairs = [
            point_of(vertex)
            if isinstance(vertex, Mapping)
            else (number(vertex[0]), number(vertex[1]))
            for vertex in value
        ]
        if not pairs:
            raise ValueError("it has no vertices")
        return np.array(pairs, dtype=np.float64)

    def joined(self, values: Sequence[Any]) -> tuple[Floats, ...]:
        return tuple(values)

    def interpolated(self, track: Track, visible: VisibleFrames) -> list[Floats]:
        return moving_vertices(track, visible)

    def empty(self, height: int = 0, width: int = 0) -> NDArray[np.float32]:  # noqa: ARG002 - masks need them
        # Deep Lake refuses an empty list as a Polygon.
        return np.zeros((0, 0, 2), dtype=np.float32)

    def as_cell(self, values: Sequence[Floats], scale: tuple[float, float]) -> Any:
        return [(shape * scale).astype(np.float32) for shape in values] or self.empty()

    def shapes(self, cells: Sequence[tuple[Any, int]]) -> list[NDArray[np.float32]]:
        return [
            np.asarray(vertices, np.float32).reshape(-1, 2)
            for cell, count in cells
            for vertices in list(cell)[:count]
        ]

    def resized(
        self, shapes: Any, old: tuple[int, int], new: tuple[int, int]
    ) -> list[NDArray[Any]]:
        return [shape * factors(old, new).astype(shape.dtype) for shape in shapes]

    def corners(self, shapes: Shapes) -> NDArray[np.float32]:
        found = np.zeros((len(shapes), 4), dtype=np.float32)
        for corners, shape in zip(found, shapes, strict=True):
            if len(shape):
                corners[:] = (*shape.min(axis=0), *shape.max(axis=0))
        return found

    def is_within(self, values: Sequence[Floats], limit: float) -> Bools:
        return np.array([(np.abs(shape) <= limit).all() for shape in values], dtype=np.bool_)

    def is_drawable(self, values: Sequence[Floats]) -> Bools:
        return np.array([len(shape) >= self.fewest for shape in values], dtype=np.bool_)

    @staticmethod
    def _inside(values: Sequence[Floats], size: tuple[int, int]) -> Bools:
        return np.array([inside(shape, size).all() for shape in values], dtype=np.bool_)


class LineKind(_Vertices):
    """A line of straight pieces."""

    name = "line"
    json_keys = ("line",)
    sent_as = "line"
    fewest = 2
    undrawable = f"the line has fewer than {fewest} vertices"

    def key_frame(self, value: Floats) -> dict[str, Any]:
        return {"line": [{"x": x, "y": y} for x, y in value.tolist()]}

    def outside(self, values: Sequence[Floats], size: tuple[int, int]) -> tuple[Bools, Bools]:
        is_inside = self._inside(values, size)
        outside = ~is_inside
        for index in np.flatnonzero(outside).tolist():
            outside[index] = not any(_touches(*ends, size) for ends in pairwise(values[index]))
        return outside, ~is_inside & ~outside


class PolygonKind(_Vertices):
    """A closed area. Labelbox imports no polygons to videos, so imports fill them to masks."""

    name = "polygon"
    json_keys = ("polygon",)
    detected_as = "mask"
    sent_as = "raster-segmentation"
    fewest = 3
    undrawable = f"the polygon has fewer than {fewest} vertices"

    def masks(self, shapes: Shapes, height: int, width: int) -> Bools:
        filled = super().masks(shapes, height, width)
        for mask, shape in zip(filled, shapes, strict=True):
            if len(shape) > 1:
                mask[:] = fill([shape], (width, height))
        return filled

    def outside(self, values: Sequence[Floats], size: tuple[int, int]) -> tuple[Bools, Bools]:
        ends = [(shape.min(axis=0), shape.max(axis=0)) for shape in values]
        outside = np.array(
            [(low >= size).any() or (high <= 0).any() for low, high in ends], dtype=np.bool_
        )
        return outside, ~self._inside(values, size) & ~outside


def fill(polygons: Iterable[NDArray[Any]], size: tuple[int, int]) -> Bools:
    """Fill polygons by Pillow's rules, edges included.

    Args:
        polygons: (V, 2) arrays of corners, x and y in pixels.
        size: Width and height of the picture in pixels.

    Returns:
        (H, W) bool.
    """
    image = Image.new("1", size)
    draw = ImageDraw.Draw(image)
    for corners in polygons:
        draw.polygon([(x, y) for x, y in corners.tolist()], fill=1)
    return np.asarray(image, dtype=np.bool_)


def _touches(start: Floats, end: Floats, size: tuple[int, int]) -> bool:
    """Return whether a straight piece has a point in the picture.

    Y.-D. Liang and B. Barsky, "A new concept and method for line clipping", 1984.
    """
    first, last = 0.0, 1.0
    for here, way, side in zip(start.tolist(), (end - start).tolist(), size, strict=True):
        if way == 0:
            if not 0 <= here <= side:
                return False
            continue
        enters, leaves = sorted((-here / way, (side - here) / way))
        first, last = max(first, enters), min(last, leaves)
    return first <= last
