"""The interface of a kind of geometry.

A label has a *value* for each object in a frame: float64 coordinates in pixels, or a
`MaskReference`. A dataset has a *shape*: float32 coordinates, or the pixels of a mask.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._model.annotations import ToolKind, Track
from deeplake_labelbox._model.json_values import short
from deeplake_labelbox._model.visibility import VisibleFrames

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Shapes = Sequence[NDArray[Any]] | NDArray[np.float32]
"""N shapes: (N, width) if all have the same number of coordinates, else N arrays."""

# No picture is that large, and coordinates are stored as float32.
_MAX_COORDINATE = 1e9


class GeometryKind(ABC):
    """A kind of geometry.

    Attributes:
        name: Name of the kind in an ontology.
        json_keys: Keys under which an exported object has its value.
        width: Number of coordinates if it is the same for all objects; else ``None``.
        is_mask: Whether shapes are pixels.
        detected_as: The shape that detection and evaluation use: box, mask, or none.
        sent_as: Kind of the tool that gets these objects in an import. Labelbox imports no
            polygons to videos, so they go to a tool of masks; all others keep their kind.
        undrawable: The problem with a value for which `is_drawable` is false.
    """

    name: ClassVar[ToolKind]
    json_keys: ClassVar[tuple[str, ...]]
    width: ClassVar[int | None] = None
    is_mask: ClassVar[bool] = False
    detected_as: ClassVar[Literal["box", "mask"] | None] = None
    sent_as: ClassVar[ToolKind]
    undrawable: ClassVar[str] = ""

    @abstractmethod
    def read(self, value: Any, key: str) -> Any:
        """Read the JSON that an exported object has under ``key``, one of ``json_keys``.

        Raises:
            KeyError, TypeError, ValueError, IndexError, OverflowError: If it cannot be read.
        """

    def key_frame(self, value: Any) -> dict[str, Any]:
        """Return a value for a key frame of an import.

        The format is that of docs.labelbox.com/reference/import-video-annotations.
        """
        raise NotImplementedError(f"Labelbox imports no key frames of a {self.name}.")

    @abstractmethod
    def joined(self, values: Sequence[Any]) -> Any:
        """Join the values of a track: to an (N, width) float64 array, else to N values."""

    @abstractmethod
    def interpolated(self, track: Track, visible: VisibleFrames) -> Any:
        """Return the values of a track in its visible frames, in the form of `joined`."""

    @abstractmethod
    def empty(self, height: int = 0, width: int = 0) -> NDArray[Any]:
        """Return the cell of a frame without objects.

        Args:
            height: Height of the frame in pixels; only masks need it.
            width: Its width.
        """

    def as_cell(self, values: Any, scale: tuple[float, float]) -> Any:
        """Convert values to the form in which a cell is written.

        Args:
            values: The values, in the form of `joined`.
            scale: Factors for x and y.
        """
        raise NotImplementedError(f"The pixels of a {self.name} are fetched before it is written.")

    def count(self, cell: Any) -> int:
        """Count the objects in a cell."""
        return len(cell)

    @abstractmethod
    def shapes(self, cells: Sequence[tuple[Any, int]]) -> Shapes:
        """Return the shapes in cells, each given with its number of objects."""

    @abstractmethod
    def resized(self, shapes: Any, old: tuple[int, int], new: tuple[int, int]) -> Any:
        """Scale shapes or coordinates to the pixels of another frame size.

        Args:
            shapes: The shapes.
            old: Height and width of the frame that they refer to.
            new: Height and width of the other frame.
        """

    @abstractmethod
    def corners(self, shapes: Shapes) -> NDArray[np.float32]:
        """Return (N, 4) float32 left, top, right, bottom of each shape; all 0 for an empty one."""

    def boxes(self, shapes: Shapes) -> NDArray[np.float32]:
        """Return (N, 4) float32 left, top, width, height of each shape; all 0 for an empty one."""
        boxes = self.corners(shapes)
        boxes[:, 2:] -= boxes[:, :2]
        return boxes

    def masks(self, shapes: Shapes, height: int, width: int) -> Bools:
        """Return (N, height, width) bool: pixels of each shape with its edges; none of a line."""
        return np.zeros((len(shapes), height, width), dtype=np.bool_)

    def is_within(self, values: Any, limit: float) -> Bools:  # noqa: ARG002 - masks have no coordinates
        """Return (N,) whether all coordinates are finite and at most ``limit`` from 0."""
        return np.ones(len(values), dtype=np.bool_)

    def is_drawable(self, values: Any) -> Bools:
        """Return (N,) whether there is something to draw: a box with a size, enough vertices."""
        return np.ones(len(values), dtype=np.bool_)

    def outside(self, values: Any, size: tuple[int, int]) -> tuple[Bools, Bools]:  # noqa: ARG002 - masks are checked when they are painted
        """Find the values that leave a picture.

        Args:
            values: N values with finite coordinates.
            size: Width and height of the picture in pixels.

        Returns:
            Two (N,) bool arrays: whether all of a value is outside, and whether only a part is.
        """
        return np.zeros(len(values), dtype=np.bool_), np.zeros(len(values), dtype=np.bool_)


def number(value: Any) -> float:
    """Read a coordinate."""
    read = float(value)
    if not -_MAX_COORDINATE <= read <= _MAX_COORDINATE:  # also true of NaN
        raise ValueError(f"{short(value)} is not a coordinate")
    return read


def point_of(value: Mapping[str, Any]) -> tuple[float, float]:
    """Read ``{"x": x, "y": y}``."""
    return number(value["x"]), number(value["y"])


def factors(old: tuple[int, int], new: tuple[int, int], count: int = 2) -> Floats:
    """Return the factors of x, y (, x, y) between two frame sizes, each height and width."""
    return np.array([new[1] / old[1], new[0] / old[0]] * (count // 2))


# Labelbox shows thousandths of a pixel; a smaller distance beyond an edge is rounding.
_SLACK = 1e-3


def inside(points: Floats, size: tuple[int, int]) -> Bools:
    """Return (N,) whether (N, 2) points are in a picture of width and height, or on its edge."""
    within = (points >= -_SLACK) & (points <= np.array(size) + _SLACK)
    found: Bools = np.logical_and.reduce(within, axis=1)
    return found
