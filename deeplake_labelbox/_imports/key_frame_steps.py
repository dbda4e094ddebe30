"""The permitted steps from one key frame of a track to the next.

Frame ``j`` may follow ``i`` if the slope from ``i`` to ``j`` lies in a cone: each frame between
them allows an interval of slopes from ``i``, and the cone is their intersection (H. Imai and M.
Iri, "Polygonal approximations of a curve", 1988). The cones of many starts are computed at once.
Where rounding to 3 decimals makes the cone uncertain, the interpolation itself decides.
"""

from __future__ import annotations

from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

# Pixels by which equal coordinates may differ after 64-bit arithmetic.
SLACK: Final = 1e-9

# Greatest difference between a coordinate from slopes and an interpolated one, in pixels.
_DOUBT: Final = 1e-7

# Cones of this many starts are computed together, over this many frames.
_BLOCK: Final = 256
_SHORT: Final = 256

Floats = NDArray[np.float64]
Frames = NDArray[np.int64]

_Steps = tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]


class PermittedSteps:
    """The permitted steps between key frames of a track.

    Args:
        frames: (N,) ascending frame numbers.
        values: (N, D) coordinates.
        tolerance: Greatest error of a coordinate between key frames, in pixels.
    """

    def __init__(self, frames: Frames, values: Floats, tolerance: float) -> None:
        self._frames = frames
        self._values = values
        self._tolerance = tolerance
        # A coordinate is correct if it rounds to a thousandth within the tolerance. `is_permitted`
        # accepts everything within the inner bounds, and nothing beyond the outer ones.
        self._inner = self._bounds(0.5 * SLACK, -_DOUBT)
        self._outer = self._bounds(2.0 * SLACK, _DOUBT)
        self._blocks: dict[int, _Steps] = {}

    def _bounds(self, slack: float, doubt: float) -> tuple[Floats, Floats]:
        lowest = np.ceil((self._values - self._tolerance - slack) * 1000)
        highest = np.floor((self._values + self._tolerance + slack) * 1000)
        return (lowest - 0.5) / 1000 - doubt, (highest + 0.5) / 1000 + doubt

    def steps_from(self, start: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return which steps from ``start`` are permitted, and which must be checked.

        Two (R,) bool arrays; entry ``h`` is the step that skips ``h`` frames.
        """
        block, row = divmod(start, _BLOCK)
        if block not in self._blocks:
            # Levels move forward, so blocks far behind are not needed again.
            self._blocks = {b: v for b, v in self._blocks.items() if abs(b - block) <= 2}
            self._blocks[block] = self._short_steps(block * _BLOCK)
        sure, doubtful, still_open = self._blocks[block]
        if still_open[row]:
            return self._long_steps(start)
        ahead = len(self._frames) - 1 - start
        return sure[:ahead, row], doubtful[:ahead, row]

    def _short_steps(self, first: int) -> _Steps:
        """Compute the steps from a block of starts together."""
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
            sure[offset - 1, : len(starts)] = inner.contains(slope)
            doubtful[offset - 1, : len(starts)] = outer.contains(slope) & ~inner.contains(slope)
            for cone, (lowest, highest) in ((inner, self._inner), (outer, self._outer)):
                cone.narrow((lowest[ahead] - here) / elapsed, (highest[ahead] - here) / elapsed)
        still_open = np.zeros(_BLOCK, dtype=np.bool_)
        still_open[: len(starts)] = outer.is_open()
        still_open[: len(starts)] &= starts + _SHORT < count - 1
        return sure, doubtful, still_open

    def _long_steps(self, start: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Compute the steps from one start, over more and more frames at once."""
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

    def is_permitted(self, start: int, end: int) -> bool:
        """Whether the interpolation from ``start`` to ``end`` stays within the tolerance."""
        between = slice(start + 1, end)
        elapsed = (self._frames[between] - self._frames[start])[:, None]
        duration = self._frames[end] - self._frames[start]
        here, there = self._values[start], self._values[end]
        shown = np.round(here + (there - here) * elapsed / duration, 3)
        return self._close(shown, self._values[between])

    def holds_to_end(self) -> NDArray[np.bool_]:
        """Return for each frame whether all later frames may keep its value: (N,) bool."""
        return np.array(
            [
                self._close(self._values[start], self._values[start + 1 :])
                for start in range(len(self._values))
            ]
        )

    def _close(self, shown: Floats, wanted: Floats) -> bool:
        return bool((np.abs(shown - wanted) <= self._tolerance + SLACK).all())


class _Cone:
    """The slopes that the frames so far allow, for each of several starts."""

    def __init__(self, starts: int, values: Floats) -> None:
        self._lowest = np.full((starts, values.shape[1]), -np.inf)
        self._highest = np.full((starts, values.shape[1]), np.inf)

    def first(self, count: int) -> Self:
        """Keep the first ``count`` starts only."""
        self._lowest, self._highest = self._lowest[:count], self._highest[:count]
        return self

    def contains(self, slope: Floats) -> NDArray[np.bool_]:
        return _in_all(self._lowest <= slope, slope <= self._highest)

    def narrow(self, lowest: Floats, highest: Floats) -> None:
        np.maximum(self._lowest, lowest, out=self._lowest)
        np.minimum(self._highest, highest, out=self._highest)

    def is_open(self) -> NDArray[np.bool_]:
        return _in_all(self._lowest <= self._highest)


def _in_all(*conditions: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return whether (N, D) conditions hold in all dimensions: (N,) bool."""
    holds: NDArray[np.bool_] = np.logical_and.reduce(conditions).all(axis=1)
    return holds
