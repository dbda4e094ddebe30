"""Which shapes of a track lie outside the picture, and which cross its edge."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._formats.annotations import ObjectTrack

# Labelbox shows thousandths of a pixel; less beyond an edge is rounding.
_SLACK: Final = 1e-3


def beyond_picture(
    track: ObjectTrack, size: tuple[int, int]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Find the frames in which an object leaves the picture.

    Args:
        track: A track of any kind but masks, with finite coordinates.
        size: Width and height of the picture in pixels.

    Returns:
        Two (N,) bool arrays: where nothing of the object is in the picture, and where only a
        part of it is.
    """
    values: Any = track.coordinates
    inside: NDArray[np.bool_]
    outside: NDArray[np.bool_]
    if track.kind == "line":
        inside = np.array([_inside(line, size).all() for line in values], dtype=np.bool_)
        outside = ~inside
        for index in np.flatnonzero(outside).tolist():
            outside[index] = not any(_touches(*ends, size) for ends in pairwise(values[index]))
    elif track.kind == "polygon":
        inside = np.array([_inside(corners, size).all() for corners in values], dtype=np.bool_)
        ends = [(corners.min(axis=0), corners.max(axis=0)) for corners in values]
        outside = np.array(
            [(low >= size).any() or (high <= 0).any() for low, high in ends], dtype=np.bool_
        )
    elif track.kind == "point":
        inside = _inside(values, size)
        outside = ~inside
    else:
        start, end = values[:, :2], values[:, :2] + values[:, 2:]
        inside = _inside(start, size) & _inside(end, size)
        outside = ((start >= size) | (end <= 0)).any(axis=1)
    return outside, ~inside & ~outside


def _inside(points: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.bool_]:
    """(N,) whether (N, 2) points are in the picture or on its edge."""
    within = (points >= -_SLACK) & (points <= np.array(size) + _SLACK)
    inside: NDArray[np.bool_] = np.logical_and.reduce(within, axis=1)
    return inside


def _touches(start: NDArray[np.float64], end: NDArray[np.float64], size: tuple[int, int]) -> bool:
    """Whether a straight piece has a point in the picture.

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
