"""Sections of a long video; a separate task decodes each of them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from deeplake_labelbox._video.frame_choice import FrameChoice, intersected_ranges

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a video, planned before its file is known.

    Attributes:
        first: First frame, 1-based.
        end: First frame of the next section; ``None`` for the last section.
    """

    first: int
    end: int | None

    def frames(self, starts: NDArray[np.int64], count: int) -> tuple[int, int]:
        """Return the first and last frame of the section in a file, 1-based, both included.

        A section begins at the next frame at which decoding can start, so that no frame is decoded
        in two sections. A section without such a frame is empty: its last frame is before its
        first.

        Args:
            starts: (N,) numbers, from 0 and ascending, of the frames at which decoding can start.
            count: Number of frames in the file.
        """
        bounds = np.append(starts, count)
        first = 1 if self.first == 1 else int(bounds[_place(starts, self.first)]) + 1
        last = count if self.end is None else int(bounds[_place(starts, self.end)])
        return first, last


def joined_sizes(
    sections: Iterable[tuple[tuple[int, int, int], ...]],
) -> tuple[tuple[int, int, int], ...]:
    """Join the runs of frames of one size (`OpenedVideo.sizes`) of a video's sections."""
    found: list[tuple[int, int, int]] = []
    for sizes in sections:
        found += [size for size in sizes[:1] if not found or found[-1][1:] != size[1:]]
        found += sizes[1:]
    return tuple(found)


def _place(starts: NDArray[np.int64], frame: int) -> int:
    return int(np.searchsorted(starts, frame - 1))


def sections_of(choice: FrameChoice, frames: int, *, least: int, most: int) -> tuple[Section, ...]:
    """Divide a video into sections that decode about the same number of frames.

    Args:
        choice: The wanted frames.
        frames: Declared number of frames; the video may have more or fewer.
        least: Minimum number of frames in a section.
        most: Maximum number of sections.

    Returns:
        The sections, which together cover all frames; empty if the video is too short for two.
    """
    every = ((1, frames),)
    ranges = every if choice.ranges is None else intersected_ranges(choice.ranges, every)
    lengths = [last - first + 1 for first, last in ranges]
    number = min(most, sum(lengths) // least)
    if number < 2:
        return ()
    ends = np.cumsum(lengths)
    bounds: list[int | None] = [1]
    for place in (sum(lengths) * part // number for part in range(1, number)):
        within = int(np.searchsorted(ends, place, side="right"))
        bounds.append(ranges[within][1] - int(ends[within]) + 1 + place)
    bounds.append(None)
    return tuple(Section(first or 1, end) for first, end in pairwise(bounds))
