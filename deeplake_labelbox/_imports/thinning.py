"""Find the fewest key frames that reproduce a dense track.

Labelbox moves boxes, points and lines linearly between key frames and rounds to 3 decimals. The key
frames are frames of the track with their own values; no smaller set keeps the interpolation within
the tolerance on every frame.

The algorithm is a shortest path over the steps of `PermittedSteps`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._imports.key_frame_steps import Floats, Frames, PermittedSteps


def thin(
    frames: Frames,
    values: Floats | Sequence[Floats],
    *,
    tolerance: float,
    keep: NDArray[np.bool_] | None = None,
) -> NDArray[np.intp]:
    """Choose the key frames of one visible interval of a track.

    Args:
        frames: (N,) ascending frame numbers, the first and last of which bound the interval;
            missing frames may have any value.
        values: (N, D) coordinates, or N (V, 2) arrays of vertices. Lines whose vertex counts
            differ are held, not moved, by Labelbox.
        tolerance: Greatest error of a coordinate, in pixels.
        keep: (N,) bool, frames that must be key frames; none by default.

    Returns:
        Indices into ``frames``, ascending, always with the first and the last.
    """
    count = len(frames)
    kept = np.zeros(count, dtype=np.bool_) if keep is None else keep.copy()
    kept[[0, -1]] = True
    if isinstance(values, np.ndarray):
        return _thin_between(frames, values.reshape(count, -1), tolerance, kept)
    chosen: list[NDArray[np.intp]] = []
    counts = np.array([len(vertices) for vertices in values])
    bounds = [0, *(np.flatnonzero(np.diff(counts)) + 1).tolist(), count]
    for start, end in pairwise(bounds):
        stretch = np.stack(values[start:end]).reshape(end - start, -1)
        part = kept[start:end].copy()
        part[0] = True
        # The last shape before the vertex count changes is held up to the change.
        held_to_end = end < count
        part[-1] |= not held_to_end
        chosen.append(
            start
            + _thin_between(frames[start:end], stretch, tolerance, part, held_to_end=held_to_end)
        )
    return np.concatenate(chosen)


def _thin_between(
    frames: Frames,
    values: Floats,
    tolerance: float,
    kept: NDArray[np.bool_],
    *,
    held_to_end: bool = False,
) -> NDArray[np.intp]:
    """Thin the frames between those that are kept, piece by piece."""
    knots = np.flatnonzero(kept)
    chosen = [knots]
    for start, end in pairwise(knots):
        if end - start > 1:
            piece = slice(start, end + 1)
            chosen.append(start + _fewest(frames[piece], values[piece], tolerance))
    if held_to_end and knots[-1] < len(frames) - 1:
        tail = slice(int(knots[-1]), len(frames))
        chosen.append(knots[-1] + _fewest(frames[tail], values[tail], tolerance, held=True))
    return np.unique(np.concatenate(chosen))


def _fewest(
    frames: Frames, values: Floats, tolerance: float, *, held: bool = False
) -> NDArray[np.intp]:
    """Find the inner key frames of a piece whose first frame is a key frame.

    Its last frame is a key frame as well, unless the shape is ``held``: then all frames after the
    last key frame have its value.
    """
    count = len(frames)
    steps = PermittedSteps(frames, values, tolerance)
    is_end = np.zeros(count, dtype=np.bool_)
    is_end[-1] = True
    if held:
        is_end = steps.holds_to_end()
    came_from = np.full(count, -1, dtype=np.intp)
    came_from[0] = 0
    level = np.array([0])
    while not is_end[level].any():
        level = _next_level(steps, level, came_from, is_end)
    at = int(level[np.argmax(is_end[level])])
    path = []
    while at > 0:
        path.append(at)
        at = int(came_from[at])
    return np.array(path[::-1], dtype=np.intp)


def _next_level(
    steps: PermittedSteps,
    level: NDArray[np.intp],
    came_from: NDArray[np.intp],
    is_end: NDArray[np.bool_],
) -> NDArray[np.intp]:
    """Find the frames that need one more key frame than those of ``level``; stop at an end."""
    reached: list[NDArray[np.intp]] = []
    # Late frames are likelier to reach the end, so they go first.
    for start in map(int, level):
        sure, doubtful = steps.steps_from(start)
        ahead = came_from[start + 1 : start + 1 + len(sure)] < 0
        found = start + 1 + np.flatnonzero(sure & ahead)
        checked = [
            end
            for end in (start + 1 + np.flatnonzero(doubtful & ahead)).tolist()
            if steps.is_permitted(start, end)
        ]
        if checked:
            found = np.concatenate([found, checked])
        if len(found):
            came_from[found] = start
            reached.append(found)
            if is_end[found].any():
                return found
    return np.sort(np.concatenate(reached))[::-1]
