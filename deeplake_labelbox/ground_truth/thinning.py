"""The fewest key frames that reproduce a dense track.

Labelbox moves boxes, points and lines linearly between key frames and rounds to 3 decimals. The
key frames chosen here are frames of the track with the values that it has there; among all such
choices whose interpolation stays within the tolerance on every frame, no other is smaller.

Whether frame ``j`` may follow ``i`` as the next key frame is told by a cone of slopes: each frame
between them allows an interval of slopes as seen from ``i``, and the slope to ``j`` must lie in
all of them (H. Imai and M. Iri, "Polygonal approximations of a curve", 1988). The cones of many
starts are carried forward at once; a shortest path over the permitted steps does the rest. Where
rounding to 3 decimals leaves the cone in doubt, the interpolation itself is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox.project.annotations import Feature, Track
from deeplake_labelbox.timeline.interpolation import moving_coordinates
from deeplake_labelbox.timeline.visibility import visible_frames

# Differences of 64-bit floats that are as good as equal, in pixels.
SLACK: Final = 1e-9

# How far a coordinate computed through slopes may be from the interpolation's own, in pixels.
_DOUBT: Final = 1e-7

# Cones of this many starts are carried forward together, over this many frames.
_BLOCK: Final = 256
_SHORT: Final = 256

Floats = NDArray[np.float64]
Frames = NDArray[np.int64]


def thin(
    frames: Frames,
    values: Floats | Sequence[Floats],
    *,
    tolerance: float,
    keep: NDArray[np.bool_] | None = None,
) -> NDArray[np.intp]:
    """Choose the key frames of one visible interval of a track.

    Args:
        frames: (N,) ascending frame numbers. The interval reaches from the first to the last;
            frames that are missing between them may have any value.
        values: (N, D) coordinates, or N (V, 2) arrays of vertices. Lines whose vertex counts
            differ are held, not moved, by Labelbox.
        tolerance: How far a coordinate may be from its value, in pixels.
        keep: (N,) bool, frames that must be key frames; none by default.

    Returns:
        Indices into ``frames``, ascending, the first and the last always among them.
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


def reproduced(frames: Frames, values: Floats, key_frames: NDArray[np.intp]) -> Floats:
    """What Labelbox shows on ``frames`` if only ``key_frames`` are drawn.

    Args:
        frames: (N,) ascending frame numbers of one visible interval.
        values: (N, 4) boxes or (N, 2) points.
        key_frames: Indices of the key frames, the first and the last frame among them.

    Returns:
        (N, D) coordinates, computed by the package's own timeline.
    """
    drawn = frames[key_frames]
    track = Track(
        feature=Feature(None, None, None),
        feature_id="",
        kind="rectangle" if values.shape[1] == 4 else "point",
        frames=drawn,
        is_key_frame=np.ones(len(drawn), dtype=np.bool_),
        coordinates=values[key_frames],
        segments=np.array([[drawn[0], drawn[-1]]], dtype=np.int64),
        answers=((),) * len(drawn),
    )
    shown = visible_frames(track, int(drawn[-1]))
    return moving_coordinates(track, shown)[np.searchsorted(shown.frames, frames)]


def _thin_between(
    frames: Frames,
    values: Floats,
    tolerance: float,
    kept: NDArray[np.bool_],
    *,
    held_to_end: bool = False,
) -> NDArray[np.intp]:
    """Thin the frames between those that are kept; these part the work into independent pieces."""
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
    """The inner key frames of a piece whose first frame is one.

    Its last frame is a key frame as well, unless the shape is ``held``: then the last key frame
    stands, unmoved, for all that follow.
    """
    count = len(frames)
    permitted = _Permitted(frames, values, tolerance)
    is_end = np.zeros(count, dtype=np.bool_)
    is_end[-1] = True
    if held:
        is_end = permitted.holds_to_end()
    came_from = np.full(count, -1, dtype=np.intp)
    came_from[0] = 0
    level = np.array([0])
    while not is_end[level].any():
        level = _next_level(permitted, level, came_from, is_end)
    at = int(level[np.argmax(is_end[level])])
    path = []
    while at > 0:
        path.append(at)
        at = int(came_from[at])
    return np.array(path[::-1], dtype=np.intp)


def _next_level(
    permitted: _Permitted,
    level: NDArray[np.intp],
    came_from: NDArray[np.intp],
    is_end: NDArray[np.bool_],
) -> NDArray[np.intp]:
    """The frames that take one key frame more than those of ``level``; stops at an end."""
    reached: list[NDArray[np.intp]] = []
    # Late frames are likelier to reach the end, so they go first.
    for start in map(int, level):
        sure, doubtful = permitted.steps_from(start)
        ahead = came_from[start + 1 : start + 1 + len(sure)] < 0
        found = start + 1 + np.flatnonzero(sure & ahead)
        asked = [
            end
            for end in (start + 1 + np.flatnonzero(doubtful & ahead)).tolist()
            if permitted.asked(start, end)
        ]
        if asked:
            found = np.concatenate([found, asked])
        if len(found):
            came_from[found] = start
            reached.append(found)
            if is_end[found].any():
                return found
    return np.sort(np.concatenate(reached))[::-1]


_Steps = tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]


class _Permitted:
    """Tells which frame may follow which as the next key frame."""

    def __init__(self, frames: Frames, values: Floats, tolerance: float) -> None:
        self._frames = frames
        self._values = values
        self._tolerance = tolerance
        # A coordinate is shown right if it rounds to a thousandth within the tolerance. The
        # first bounds are surely accepted by `asked`, beyond the second ones nothing is.
        self._inner = self._bounds(0.5 * SLACK, -_DOUBT)
        self._outer = self._bounds(2.0 * SLACK, _DOUBT)
        self._blocks: dict[int, _Steps] = {}

    def _bounds(self, slack: float, doubt: float) -> tuple[Floats, Floats]:
        lowest = np.ceil((self._values - self._tolerance - slack) * 1000)
        highest = np.floor((self._values + self._tolerance + slack) * 1000)
        return (lowest - 0.5) / 1000 - doubt, (highest + 0.5) / 1000 + doubt

    def steps_from(self, start: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Two (R,) bool arrays: entry ``h`` tells of the step from ``start`` over ``h`` frames.

        The first holds the steps that are surely permitted, the second those to ask about.
        """
        block, row = divmod(start, _BLOCK)
        if block not in self._blocks:
            # Levels move forward, so blocks far behind are not asked for again.
            self._blocks = {b: v for b, v in self._blocks.items() if abs(b - block) <= 2}
            self._blocks[block] = self._short_steps(block * _BLOCK)
        sure, doubtful, still_open = self._blocks[block]
        if still_open[row]:
            return self._long_steps(start)
        ahead = len(self._frames) - 1 - start
        return sure[:ahead, row], doubtful[:ahead, row]

    def _short_steps(self, first: int) -> _Steps:
        """The steps from a block of starts, their cones carried forward together."""
        count = len(self._frames)
        starts = np.arange(first, min(first + _BLOCK, count - 1))
        sure = np.zeros((_SHORT, len(starts)), dtype=np.bool_)
        doubtful = np.zeros((_SHORT, len(starts)), dtype=np.bool_)
        inner, outer = _Cone(len(starts), self._values), _Cone(len(starts), self._values)
        for offset in range(1, _SHORT + 1):
            starts = starts[: count - offset - first]
            inner, outer = inner.first(len(starts)), outer.first(len(starts))
            if not outer.is_open().any():
                return sure[: offset - 1], doubtful[: offset - 1], np.zeros(_BLOCK, dtype=np.bool_)
            ahead = starts + offset
            elapsed = (self._frames[ahead] - self._frames[starts])[:, None].astype(np.float64)
            here = self._values[starts]
            slope = (self._values[ahead] - here) / elapsed
            sure[offset - 1, : len(starts)] = inner.holds(slope)
            doubtful[offset - 1, : len(starts)] = outer.holds(slope) & ~inner.holds(slope)
            for cone, (lowest, highest) in ((inner, self._inner), (outer, self._outer)):
                cone.narrow((lowest[ahead] - here) / elapsed, (highest[ahead] - here) / elapsed)
        still_open = np.zeros(_BLOCK, dtype=np.bool_)
        still_open[: len(starts)] = outer.is_open()
        still_open[: len(starts)] &= starts + _SHORT < count - 1
        return sure, doubtful, still_open

    def _long_steps(self, start: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """The steps from one start, its cone carried forward over ever more frames at once."""
        count, reach = len(self._frames), 2 * _SHORT
        while True:
            ahead = slice(start + 1, min(start + 1 + reach, count))
            elapsed = (self._frames[ahead] - self._frames[start])[:, None].astype(np.float64)
            here = self._values[start]
            slope = (self._values[ahead] - here) / elapsed
            within = []
            is_open = False
            for bounds in (self._inner, self._outer):
                lowest = np.maximum.accumulate((bounds[0][ahead] - here) / elapsed)
                highest = np.minimum.accumulate((bounds[1][ahead] - here) / elapsed)
                inside = ((lowest[:-1] <= slope[1:]) & (slope[1:] <= highest[:-1])).all(axis=1)
                inside &= (lowest[:-1] <= highest[:-1]).all(axis=1)
                within.append(np.concatenate([[True], inside]))
                is_open = bool((lowest[-1] <= highest[-1]).all())
            if ahead.stop == count or not is_open:
                return within[0], within[1] & ~within[0]
            reach *= 4

    def asked(self, start: int, end: int) -> bool:
        """Whether the interpolation from ``start`` to ``end`` stays within the tolerance."""
        between = slice(start + 1, end)
        elapsed = (self._frames[between] - self._frames[start])[:, None]
        duration = self._frames[end] - self._frames[start]
        here, there = self._values[start], self._values[end]
        shown = np.round(here + (there - here) * elapsed / duration, 3)
        return self._close(shown, self._values[between])

    def holds_to_end(self) -> NDArray[np.bool_]:
        """(N,) whether the value of a frame may stand for all frames after it."""
        return np.array(
            [
                self._close(self._values[start], self._values[start + 1 :])
                for start in range(len(self._values))
            ]
        )

    def _close(self, shown: Floats, wanted: Floats) -> bool:
        return bool((np.abs(shown - wanted) <= self._tolerance + SLACK).all())


class _Cone:
    """For each of several starts, the slopes that the frames passed so far allow."""

    def __init__(self, starts: int, values: Floats) -> None:
        self._lowest = np.full((starts, values.shape[1]), -np.inf)
        self._highest = np.full((starts, values.shape[1]), np.inf)

    def first(self, count: int) -> Self:
        """Keep the first ``count`` starts only."""
        self._lowest, self._highest = self._lowest[:count], self._highest[:count]
        return self

    def holds(self, slope: Floats) -> NDArray[np.bool_]:
        return _in_all(self._lowest <= slope, slope <= self._highest)

    def narrow(self, lowest: Floats, highest: Floats) -> None:
        np.maximum(self._lowest, lowest, out=self._lowest)
        np.minimum(self._highest, highest, out=self._highest)

    def is_open(self) -> NDArray[np.bool_]:
        return _in_all(self._lowest <= self._highest)


def _in_all(*conditions: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(N,) whether (N, D) conditions hold in all dimensions."""
    holds: NDArray[np.bool_] = np.logical_and.reduce(conditions).all(axis=1)
    return holds
