"""Choose the frames of a video before any of them is decoded."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from deeplake_labelbox.errors import ConfigurationError

# Containers round times to ticks of at most a millisecond (Matroska).
_TICK = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameChoice:
    """The frames that meet all of the conditions.

    Attributes:
        ranges: First and last frame of intervals, 1-based, both included, as Labelbox counts; they
            may overlap and reach beyond the video. ``None``: all frames.
        stride: Every n-th frame of the video, starting with the first.
        fps: Maximum number of frames per second: the first frame of each interval of ``1 / fps``
            seconds from the first frame on. ``None``: all frames.

    Raises:
        ConfigurationError: If a value is out of range.
    """

    ranges: tuple[tuple[int, int], ...] | None = None
    stride: int = 1
    fps: float | None = None

    def __post_init__(self) -> None:
        if not _is_whole(self.stride) or self.stride < 1:
            raise ConfigurationError(f"`stride` is {self.stride!r}; give 1 or more frames.")
        if self.fps is not None and not (self.fps > 0 and math.isfinite(self.fps)):
            raise ConfigurationError(f"`fps` is {self.fps!r}; give more than 0 frames per second.")
        if self.ranges is not None:
            object.__setattr__(self, "ranges", merged_ranges(self.ranges))

    @property
    def is_all(self) -> bool:
        """Whether it chooses every frame of every video."""
        return self.ranges is None and self.stride == 1 and self.fps is None

    def within(self, first: int, last: int) -> FrameChoice:
        """Return the frames that are in an interval, which is empty if it ends before it starts.

        Args:
            first: Its first frame, 1-based.
            last: Its last frame.
        """
        interval = ((first, last),) if first <= last else ()
        ranges = interval if self.ranges is None else intersected_ranges(self.ranges, interval)
        return replace(self, ranges=ranges)

    def picker(self) -> FramePicker:
        """Return a picker that decides frame by frame."""
        return FramePicker(self)


class FramePicker:
    """Decides which frames of a video are wanted, frame by frame in their order.

    Args:
        choice: The wanted frames.
    """

    def __init__(self, choice: FrameChoice) -> None:
        self._choice = choice
        self._ranges = list(reversed(choice.ranges or ()))
        self._interval = -1

    def wants(self, index: int, seconds: float) -> bool:
        """Whether a frame is wanted.

        Args:
            index: Its number, from 0.
            seconds: Its time from the first frame.
        """
        choice = self._choice
        wanted = index % choice.stride == 0
        if choice.fps is not None:
            interval = math.floor((seconds + _TICK) * choice.fps)
            wanted = wanted and interval > self._interval
            self._interval = max(interval, self._interval)
        if choice.ranges is not None:
            while self._ranges and self._ranges[-1][1] <= index:
                self._ranges.pop()
            wanted = wanted and bool(self._ranges) and self._ranges[-1][0] <= index + 1
        return wanted


def merged_ranges(ranges: Sequence[Sequence[int]]) -> tuple[tuple[int, int], ...]:
    """Sort intervals of frames, and join those that overlap or touch.

    Raises:
        ConfigurationError: If an interval is not a pair of whole numbers, starts before 1, or ends
            before it starts.
    """
    merged: list[tuple[int, int]] = []
    for pair in ranges:
        if not _is_pair(pair):
            raise ConfigurationError(
                f"`ranges` has {pair!r}; give pairs of first and last frame, such as (1, 100)."
            )
        if not 1 <= pair[0] <= pair[1]:
            raise ConfigurationError(
                f"`ranges` has {pair!r}; frames count from 1, and the last frame of a range "
                f"does not come before its first."
            )
    for first, last in sorted((int(first), int(last)) for first, last in ranges):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return tuple(merged)


def intersected_ranges(
    some: Sequence[tuple[int, int]], others: Sequence[tuple[int, int]]
) -> tuple[tuple[int, int], ...]:
    """Return the frames that are in both of two `merged_ranges`."""
    found = []
    position = 0
    for first, last in some:
        while position < len(others) and others[position][1] < first:
            position += 1
        for other_first, other_last in others[position:]:
            if other_first > last:
                break
            found.append((max(first, other_first), min(last, other_last)))
    return tuple(found)


def runs_of(frames: Sequence[int]) -> tuple[tuple[int, int, int], ...]:
    """Convert ascending frame numbers to runs of (first, last, step)."""
    runs: list[list[int]] = [[frame, frame, 1] for frame in frames[:1]]
    for before, frame in pairwise(frames):
        first, last, step = runs[-1]
        if last == first:
            runs[-1] = [first, frame, frame - before]
        elif frame - before == step:
            runs[-1][1] = frame
        else:
            runs.append([frame, frame, 1])
    return tuple((first, last, step) for first, last, step in runs)


def _is_pair(value: object) -> bool:
    return isinstance(value, Sequence) and len(value) == 2 and all(map(_is_whole, value))


def _is_whole(value: object) -> bool:
    return hasattr(value, "__index__") and not isinstance(value, bool)
