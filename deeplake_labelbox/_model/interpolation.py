"""Interpolate the coordinates of an object between its key frames."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._model.annotations import Track
from deeplake_labelbox._model.visibility import VisibleFrames

# Labelbox's editor keeps interpolated coordinates to a thousandth of a pixel.
_DECIMALS = 3


def moving_coordinates(track: Track, visible: VisibleFrames) -> NDArray[np.float64]:
    """Interpolate the coordinates of a ``rectangle`` or ``point`` track linearly.

    Args:
        track: A track of kind ``rectangle`` or ``point``.
        visible: Its visible frames.

    Returns:
        (M, 4) left, top, width, height or (M, 2) x, y, in pixels, one row per visible frame.
        Interpolated coordinates are rounded to 3 decimals, drawn ones are unchanged.
    """
    return _moved(cast("NDArray[np.float64]", track.coordinates), track, visible)


def moving_vertices(track: Track, visible: VisibleFrames) -> list[NDArray[np.float64]]:
    """Interpolate the vertices of a ``line`` or ``polygon`` track linearly.

    Args:
        track: A track of kind ``line`` or ``polygon``.
        visible: Its visible frames.

    Returns:
        One (V, 2) array of x, y per visible frame. Between values with different numbers of
        vertices, the earlier value is used.
    """
    values = cast("tuple[NDArray[np.float64], ...]", track.coordinates)
    if len({len(vertices) for vertices in values}) == 1:
        return list(_moved(np.stack(values), track, visible))
    vertices = []
    for index, (held, towards) in enumerate(zip(visible.held, visible.towards, strict=True)):
        if towards < 0 or len(values[held]) != len(values[towards]):
            vertices.append(values[held])
        else:
            vertices.append(
                _between(
                    values[held],
                    values[towards],
                    visible.frames[index] - track.frames[held],
                    track.frames[towards] - track.frames[held],
                )
            )
    return vertices


def _moved(
    values: NDArray[np.float64], track: Track, visible: VisibleFrames
) -> NDArray[np.float64]:
    coordinates: NDArray[np.float64] = values[visible.held]
    moving = np.flatnonzero(visible.towards >= 0)
    if len(moving):
        held, towards = visible.held[moving], visible.towards[moving]
        trailing = (1,) * (values.ndim - 1)
        coordinates[moving] = _between(
            values[held],
            values[towards],
            (visible.frames[moving] - track.frames[held]).reshape(-1, *trailing),
            (track.frames[towards] - track.frames[held]).reshape(-1, *trailing),
        )
    return coordinates


def _between(
    start: NDArray[np.float64],
    end: NDArray[np.float64],
    elapsed: NDArray[np.int64],
    duration: NDArray[np.int64],
) -> NDArray[np.float64]:
    return np.round(start + (end - start) * elapsed / duration, _DECIMALS)
