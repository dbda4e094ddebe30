"""The interface of a kind of geometry.

A *value* is what a label holds for one object in one frame: float64 coordinates in pixels, or a
`MaskReference`. A *shape* is what a dataset holds: float32 coordinates, or the pixels of a mask.
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
"""N shapes: (N, width) where all have the same number of coordinates, else N arrays."""

# No picture is that large, and coordinates are stored as float32.
_MAX_COORDINATE = 1e9


class GeometryKind(ABC):
    """A kind of geometry.

    Attributes:
        name: Name of the kind in an ontology.
        json_keys: Keys under which an exported object has its value.
        width: Number of coordinates, where all objects have the same; else ``None``.
        is_mask: Whether shapes are pixels.
        detected_as: The part that detection and evaluation use: its box, its mask, or none.
        sent_as: The kind of tool that an import sends it to. Labelbox imports nothing to tools of a
            kind that is sent as another.
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
            KeyError, TypeError, ValueError, IndexError, OverflowError: It cannot be read.
        """

    def key_frame(self, value: Any) -> dict[str, Any]:
        """The value in a key frame of an import.

        The format is that of docs.labelbox.com/reference/import-video-annotations.
        """
        raise NotImplementedError(f"Labelbox imports no key frames of a {self.name}.")

    @abstractmethod
    def joined(self, values: Sequence[Any]) -> Any:
        """The values of a track: an (N, width) float64 array, else N values."""

    @abstractmethod
    def interpolated(self, track: Track, visible: VisibleFrames) -> Any:
        """The value of a track in each of its visible frames, as `joined` returns them."""

    @abstractmethod
    def empty(self, height: int = 0, width: int = 0) -> NDArray[Any]:
        """The cell of a frame without objects.

        Args:
            height: Height of the frame in pixels; only masks need it.
            width: Its width.
        """

    def as_cell(self, values: Any, scale: tuple[float, float]) -> Any:
        """Values, as `joined` returns them, in the form in which a cell is written.

        Args:
            values: The values.
            scale: Factors by which x and y are scaled.
        """
        raise NotImplementedError(f"The pixels of a {self.name} are fetched before it is written.")

    def count(self, cell: Any) -> int:
        """Number of objects in a cell."""
        return len(cell)

    @abstractmethod
    def shapes(self, cells: Sequence[tuple[Any, int]]) -> Shapes:
        """The shapes in cells, each given with its number of objects."""

    @abstractmethod
    def resized(self, shapes: Any, old: tuple[int, int], new: tuple[int, int]) -> Any:
        """Shapes or coordinates in pixels of a frame of another size.

        Args:
            shapes: The shapes.
            old: Height and width of the frame in whose pixels they are.
            new: Height and width wanted.
        """

    @abstractmethod
    def corners(self, shapes: Shapes) -> NDArray[np.float32]:
        """(N, 4) float32 left, top, right, bottom around each shape; all 0 for an empty one."""

    def boxes(self, shapes: Shapes) -> NDArray[np.float32]:
        """(N, 4) float32 left, top, width, height around each shape; all 0 for an empty one."""
        boxes = self.corners(shapes)
        boxes[:, 2:] -= boxes[:, :2]
        return boxes

    def masks(self, shapes: Shapes, height: int, width: int) -> Bools:
        """(N, height, width) bool: the pixels of each shape, edges included; none of a line."""
        return np.zeros((len(shapes), height, width), dtype=np.bool_)

    def is_within(self, values: Any, limit: float) -> Bools:  # noqa: ARG002 - masks have no coordinates
        """(N,) whether all coordinates are finite and at most ``limit`` from 0."""
        return np.ones(len(values), dtype=np.bool_)

    def is_drawable(self, values: Any) -> Bools:
        """(N,) whether there is something to draw: a box with a size, enough vertices."""
        return np.ones(len(values), dtype=np.bool_)

    def outside(self, values: Any, size: tuple[int, int]) -> tuple[Bools, Bools]:  # noqa: ARG002 - masks are checked when they are painted
        """Find the values that leave a picture.

        Args:
            values: N values with finite coordinates.
            size: Width and height of the picture in pixels.

        Returns:
            Two (N,) bool arrays: where nothing is inside the picture, and where only a part is.
        """
        return np.zeros(len(values), dtype=np.bool_), np.zeros(len(values), dtype=np.bool_)


def number(value: Any) -> float:
    """Read a coordinate."""
    read = float(value)
    if not -_MAX_COORDINATE <= read <= _MAX_COORDINATE:  # true of NaN as well
        raise ValueError(f"{short(value)} is not a coordinate")
    return read


def point_of(value: Mapping[str, Any]) -> tuple[float, float]:
    """Read ``{"x": x, "y": y}``."""
    return number(value["x"]), number(value["y"])


def factors(old: tuple[int, int], new: tuple[int, int], count: int = 2) -> Floats:
    """Factors of x, y (, x, y) from one frame size to another, both height and width."""
    return np.array([new[1] / old[1], new[0] / old[0]] * (count // 2))


# Labelbox shows thousandths of a pixel; less beyond an edge is rounding.
_SLACK = 1e-3


def inside(points: Floats, size: tuple[int, int]) -> Bools:
    """(N,) whether (N, 2) points are in a picture of width and height ``size``, or on its edge."""
    within = (points >= -_SLACK) & (points <= np.array(size) + _SLACK)
    found: Bools = np.logical_and.reduce(within, axis=1)
    return found
