"""Rectangles and points: geometries with the same number of coordinates for each object."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._model.annotations import Track
from deeplake_labelbox._model.interpolation import moving_coordinates
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


class _Coordinates(GeometryKind):
    """Values are tuples of ``width`` numbers; they move linearly between key frames."""

    width: ClassVar[int]

    def joined(self, values: Sequence[Any]) -> Floats:
        return np.array(values, dtype=np.float64)

    def interpolated(self, track: Track, visible: VisibleFrames) -> Floats:
        return moving_coordinates(track, visible)

    def empty(self, height: int = 0, width: int = 0) -> NDArray[np.float32]:  # noqa: ARG002 - masks need them
        return np.zeros((0, self.width), dtype=np.float32)

    def as_cell(self, values: Floats, scale: tuple[float, float]) -> NDArray[np.float32]:
        scaled: Floats = values * np.array(scale * (self.width // 2))
        return scaled.astype(np.float32)

    def shapes(self, cells: Sequence[tuple[Any, int]]) -> NDArray[np.float32]:
        parts = [
            np.asarray(cell, np.float32).reshape(-1, self.width)[:count] for cell, count in cells
        ]
        return np.concatenate([self.empty(), *parts])

    def resized(self, shapes: Any, old: tuple[int, int], new: tuple[int, int]) -> NDArray[Any]:
        coordinates = np.array(shapes).reshape(-1, self.width)
        coordinates *= factors(old, new, self.width).astype(coordinates.dtype)
        return coordinates

    def is_within(self, values: Floats, limit: float) -> Bools:
        return np.asarray((np.abs(values) <= limit).all(axis=1))


class RectangleKind(_Coordinates):
    """A box: left, top, width, height."""

    name = "rectangle"
    json_keys = ("bounding_box",)
    width = 4
    detected_as = "box"
    sent_as = "rectangle"
    undrawable = "the box has no width or height"

    def read(self, value: Any, key: str) -> tuple[float, ...]:  # noqa: ARG002 - masks have several
        return tuple(number(value[key]) for key in ("left", "top", "width", "height"))

    def key_frame(self, value: Floats) -> dict[str, Any]:
        left, top, width, height = value.tolist()
        return {"bbox": {"top": top, "left": left, "height": height, "width": width}}

    def boxes(self, shapes: Shapes) -> NDArray[np.float32]:
        return np.asarray(shapes, np.float32).reshape(-1, 4)

    def corners(self, shapes: Shapes) -> NDArray[np.float32]:
        boxes = self.boxes(shapes)
        return np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)

    def masks(self, shapes: Shapes, height: int, width: int) -> Bools:
        filled = super().masks(shapes, height, width)
        for mask, shape in zip(filled, shapes, strict=True):
            left, top = np.floor(shape[:2]).astype(int).clip(0)
            right, bottom = np.ceil(shape[:2] + shape[2:]).astype(int).clip(0)
            mask[top:bottom, left:right] = True
        return filled

    def is_drawable(self, values: Floats) -> Bools:
        return np.asarray((values[:, 2:] > 0).all(axis=1))

    def outside(self, values: Floats, size: tuple[int, int]) -> tuple[Bools, Bools]:
        start, end = values[:, :2], values[:, :2] + values[:, 2:]
        outside: Bools = np.logical_or.reduce((start >= size) | (end <= 0), axis=1)
        return outside, ~(inside(start, size) & inside(end, size)) & ~outside


class PointKind(_Coordinates):
    """A point: x, y."""

    name = "point"
    json_keys = ("point",)
    width = 2
    sent_as = "point"

    def read(self, value: Any, key: str) -> tuple[float, ...]:  # noqa: ARG002 - masks have several
        return point_of(value)

    def key_frame(self, value: Floats) -> dict[str, Any]:
        return {"point": {"x": float(value[0]), "y": float(value[1])}}

    def corners(self, shapes: Shapes) -> NDArray[np.float32]:
        points = np.asarray(shapes, np.float32).reshape(-1, 2)
        return np.concatenate([points, points], axis=1)

    def outside(self, values: Floats, size: tuple[int, int]) -> tuple[Bools, Bools]:
        outside = ~inside(values, size)
        return outside, np.zeros_like(outside)
