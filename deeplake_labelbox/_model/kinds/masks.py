"""Raster segmentation: masks of pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._model.annotations import MaskReference, Track
from deeplake_labelbox._model.json_values import short
from deeplake_labelbox._model.kinds.geometry import Bools, GeometryKind, Shapes
from deeplake_labelbox._model.visibility import VisibleFrames


class RasterSegmentationKind(GeometryKind):
    """A mask. Values are `MaskReference`; each applies until the next one is drawn."""

    name = "raster-segmentation"
    json_keys = ("mask", "composite_mask")
    is_mask = True
    detected_as = "mask"
    sent_as = "raster-segmentation"

    def read(self, value: Any, key: str) -> MaskReference:
        color = _color(value["color_rgb"]) if key == "composite_mask" else None
        return MaskReference(_url(value["url"]), color)

    def joined(self, values: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(values)

    def interpolated(self, track: Track, visible: VisibleFrames) -> list[MaskReference]:
        return [cast("MaskReference", track.coordinates[index]) for index in visible.held]

    def empty(self, height: int = 0, width: int = 0) -> Bools:
        return np.zeros((height, width, 0), dtype=np.bool_)

    def count(self, cell: Any) -> int:
        return int(np.shape(cell)[-1])

    def shapes(self, cells: Sequence[tuple[Any, int]]) -> list[Bools]:
        return [
            mask for cell, _ in cells for mask in np.moveaxis(np.asarray(cell, np.bool_), -1, 0)
        ]

    def resized(self, shapes: Any, old: tuple[int, int], new: tuple[int, int]) -> list[Bools]:  # noqa: ARG002 - the masks have it
        return [nearest_pixels(mask[..., np.newaxis], *new)[..., 0] for mask in shapes]

    def corners(self, shapes: Shapes) -> NDArray[np.float32]:
        found = np.zeros((len(shapes), 4), dtype=np.float32)
        for corners, mask in zip(found, shapes, strict=True):
            corners[:] = bounds_of(mask)
        return found

    def masks(self, shapes: Shapes, height: int, width: int) -> Bools:
        filled = super().masks(shapes, height, width)
        for mask, shape in zip(filled, shapes, strict=True):
            mask[:] = shape
        return filled


def bounds_of(mask: Bools) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of the pixels of an (H, W) mask; zeros if it is empty."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return 0, 0, 0, 0
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def nearest_pixels(masks: Bools, height: int, width: int) -> Bools:
    """Scale masks: each pixel gets the value of the source pixel at its center.

    Args:
        masks: (H, W, N) bool.
        height: Height of the result.
        width: Width of the result.

    Returns:
        (height, width, N) bool; the same array if it has this size.
    """
    if masks.shape[:2] == (height, width):
        return masks
    rows = (2 * np.arange(height) + 1) * masks.shape[0] // (2 * height)
    columns = (2 * np.arange(width) + 1) * masks.shape[1] // (2 * width)
    scaled: Bools = masks[rows[:, np.newaxis], columns]
    return scaled


def _color(levels: Any) -> tuple[int, int, int]:
    red, green, blue = (int(level) for level in levels)
    if not all(0 <= level <= 255 for level in (red, green, blue)):
        raise ValueError(f"{short(levels)} is not a color_rgb")
    return red, green, blue


def _url(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("its mask has no URL")
    return value
