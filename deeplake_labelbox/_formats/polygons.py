"""Polygons to masks: Labelbox imports no polygons to videos, but masks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from deeplake_labelbox._formats.annotations import ObjectTrack


def filled(polygons: Iterable[NDArray[np.float64]], size: tuple[int, int]) -> NDArray[np.bool_]:
    """Fill polygons as Pillow fills them.

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


def as_masks(track: ObjectTrack, size: tuple[int, int]) -> ObjectTrack:
    """The same object as masks.

    Args:
        track: A track of kind ``polygon``.
        size: Width and height of the picture in pixels.
    """
    corners: Any = track.coordinates
    return replace(
        track,
        kind="raster-segmentation",
        coordinates=[partial(filled, [each], size) for each in corners],
    )
