"""Geometries as the columns hold them: the boxes around them, their pixels, their size.

By kind: ``rectangle`` (4,) left, top, width, height; ``point`` (2,); ``line`` and ``polygon``
(V, 2); ``raster-segmentation`` (H, W) bool.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from deeplake_labelbox._model.annotations import ToolKind
from deeplake_labelbox._video.resize import nearest_pixels

Shapes = Sequence[NDArray[Any]] | NDArray[np.float32]


def corners_of(kind: ToolKind, shapes: Shapes) -> NDArray[np.float32]:
    """(N, 4) float32 left, top, right, bottom around each shape; all 0 for an empty one."""
    found = np.zeros((len(shapes), 4), dtype=np.float32)
    if kind == "rectangle":
        boxes = np.asarray(shapes, np.float32).reshape(-1, 4)
        found[:, :2] = boxes[:, :2]
        found[:, 2:] = boxes[:, :2] + boxes[:, 2:]
        return found
    for around, shape in zip(found, shapes, strict=True):
        if kind == "raster-segmentation":
            ys, xs = np.flatnonzero(shape.any(axis=1)), np.flatnonzero(shape.any(axis=0))
            if len(ys):
                around[:] = (xs[0], ys[0], xs[-1] + 1, ys[-1] + 1)
        elif shape.size:
            vertices = shape.reshape(-1, 2)
            around[:] = (*vertices.min(axis=0), *vertices.max(axis=0))
    return found


def masks_of(kind: ToolKind, shapes: Shapes, height: int, width: int) -> NDArray[np.bool_]:
    """(N, height, width) bool; polygons are filled, edges included, rectangles too."""
    filled = np.zeros((len(shapes), height, width), dtype=np.bool_)
    for mask, shape in zip(filled, shapes, strict=True):
        if kind == "raster-segmentation":
            mask[:] = shape
        elif kind == "rectangle":
            left, top = np.floor(shape[:2]).astype(int).clip(0)
            right, bottom = np.ceil(shape[:2] + shape[2:]).astype(int).clip(0)
            mask[top:bottom, left:right] = True
        elif kind == "polygon" and len(shape) > 1:
            image = Image.new("L", (width, height))
            ImageDraw.Draw(image).polygon([(float(x), float(y)) for x, y in shape], fill=1)
            mask[:] = np.asarray(image)
    return filled


def scaled(kind: ToolKind, shapes: Shapes, old: tuple[int, int], new: tuple[int, int]) -> Shapes:
    """Shapes in pixels of a frame of another size.

    Args:
        kind: Kind of the shapes.
        shapes: N shapes.
        old: Height and width of the frame that they are in pixels of.
        new: Height and width wanted.
    """
    if old == new or not len(shapes):
        return shapes
    y, x = new[0] / old[0], new[1] / old[1]
    if kind == "raster-segmentation":
        pixels = nearest_pixels(np.stack(list(shapes), axis=-1), *new)
        return list(np.moveaxis(pixels, -1, 0))
    factors = np.array([x, y, x, y] if kind == "rectangle" else [x, y], dtype=np.float32)
    if isinstance(shapes, np.ndarray):
        return np.asarray(shapes * factors)
    return [shape * factors for shape in shapes]
