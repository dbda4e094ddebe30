"""Map numbered pictures to frames of their video.

Pictures are numbered from 0 or 1, and are often only some of a video's frames: YouTube-VIS has
every fifth, and its numbers are the video's own (00000, 00005, …) or count the pictures. The
numbers and the length of the video decide which; if they do not, the user must.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._counts import counted as counted_of
from deeplake_labelbox.errors import ConfigurationError

# Pictures of videos with a higher rate may be numbered at half of it.
_FAST: Final = 48.0
# More frames than any video has.
_MOST_FRAMES: Final = 100_000_000


@dataclass(frozen=True, slots=True)
class Numbering:
    """The user's options for how a source numbers frames.

    Attributes:
        step: Frames of the video from one picture to the next.
        first: The number of a video's first frame: 0 or 1.
    """

    step: int | None = None
    first: int | None = None

    @classmethod
    def checked(cls, frame_step: int | None, first_number: int | None) -> Numbering:
        """Check the arguments with these names.

        Raises:
            ConfigurationError: If one is invalid.
        """
        if frame_step is not None and frame_step < 1:
            raise ConfigurationError(f"`frame_step` is {frame_step!r}; give 1 or more frames.")
        if first_number not in (None, 0, 1):
            raise ConfigurationError(f"`first_number` is {first_number!r}; give 0 or 1.")
        return cls(frame_step, first_number)


@dataclass(frozen=True, slots=True)
class VideoLength:
    """Number of frames, and frames per second, if Labelbox knows them."""

    frames: int | None = None
    rate: float | None = None


LengthOf = Callable[[tuple[str, ...]], VideoLength]
"""Returns the length of the project's video that has one of several names."""


def unknown_length(names: tuple[str, ...]) -> VideoLength:  # noqa: ARG001 - a `LengthOf`
    """Return an unknown length."""
    return VideoLength()


def frames_of_pictures(
    numbers: Sequence[int],
    video: VideoLength,
    *,
    given: Numbering,
    first: int | None = None,
    declared: int | None = None,
    counted: bool = False,
) -> NDArray[np.int64]:
    """Find the 1-based frame of each picture.

    Args:
        numbers: The numbers of the pictures of one video.
        video: Its length.
        given: The numbering that the user specified.
        first: The number of a video's first frame, if the source gives it.
        declared: Number of frames of the video, if the source has it.
        counted: Whether the source has no numbers, and these are the positions of the pictures.

    Returns:
        (N,) int64.

    Raises:
        ValueError: If they are ambiguous; the message names the argument to pass.
    """
    if not len(numbers):
        return np.zeros(0, dtype=np.int64)
    values = np.asarray(numbers, dtype=np.int64)
    ranks = np.unique(values)
    if len(ranks) < len(values):
        raise ValueError("two of its pictures have the same number")
    if video.frames == len(values) and given.step is None:
        return np.searchsorted(ranks, values).astype(np.int64) + 1
    start = _first_number(ranks, video, given, first)
    unit = int(np.gcd.reduce(np.diff(ranks))) if len(ranks) > 1 else 1
    if given.step is not None:
        _check_step(ranks, start, unit, given.step, video)
        frames = (values - start) // unit * given.step + 1
    else:
        frames = values - start + 1
    last = int(frames.max())
    if frames.min() < 1:
        raise ValueError(
            f"its pictures are numbered from {ranks[0]}, but `first_number` is {start}"
        )
    if video.frames is not None and last > video.frames:
        raise ValueError(
            f"its last picture has number {ranks[-1]}, which is frame {last}, but the video in "
            f"Labelbox has {counted_of(video.frames, 'frame')}; pass `frame_step`, the number of "
            f"frames of the video from one picture to the next"
        )
    if given.step is None and (last > 1 or counted) and _is_ambiguous(ranks, video, last, declared):
        length = (
            "an unknown number of frames"
            if video.frames is None
            else counted_of(video.frames, "frame")
        )
        shown = f"its {len(ranks)} pictures are numbered {ranks[0]} to {ranks[-1]}"
        if len(ranks) == 1:
            shown = f"its only picture has number {ranks[0]}"
        raise ValueError(
            f"{shown}, and the video in Labelbox has {length}; the numbers may count its frames "
            f"or, for example, every second one. Pass `frame_step`: {unit} if they count its "
            f"frames, {2 * unit} if they count every second one"
        )
    return frames


def _check_step(
    ranks: NDArray[np.int64], start: int, unit: int, step: int, video: VideoLength
) -> None:
    """Check the step of the numbers from one picture to the next against the user's step.

    Raises:
        ValueError: If they do not fit.
    """
    if video.frames is not None and ranks[-1] - start < video.frames and step % unit:
        raise ValueError(
            f"its pictures are numbered in steps of {unit} up to {ranks[-1]}, and the video in "
            f"Labelbox has {counted_of(video.frames, 'frame')}, so they are not {step} frames "
            f"apart; pass `frame_step={unit}` if their numbers are frames of the video"
        )
    if (ranks[0] - start) % unit:
        raise ValueError(
            f"its first picture has number {ranks[0]}, which is not a multiple of {unit}, the "
            f"step of the numbers; pass `first_number`"
        )


def _first_number(
    ranks: NDArray[np.int64], video: VideoLength, given: Numbering, first: int | None
) -> int:
    if given.first is not None:
        return given.first
    if first is not None:
        return first
    if ranks[0] in (0, 1):
        return int(ranks[0])
    if video.frames == ranks[-1] and given.step is None:
        return 1  # from 0, this would be a frame after the last
    raise ValueError(
        f"its pictures are numbered from {ranks[0]} on, which does not show whether they count "
        f"from 0 or from 1; pass `first_number`"
    )


def _is_ambiguous(
    ranks: NDArray[np.int64], video: VideoLength, last: int, declared: int | None
) -> bool:
    """Return whether the numbers may count something other than the frames of the video."""
    if declared is not None and declared == video.frames and declared != len(ranks):
        return False
    counts_pictures = int(ranks[-1] - ranks[0]) == len(ranks) - 1
    if video.frames is None:
        return counts_pictures
    twice = 2 * last - 1  # frame of the last picture if the numbers count every second frame
    if twice > video.frames:
        return False
    return counts_pictures or (video.rate is not None and video.rate > _FAST)


def format_frame_runs(numbers: Sequence[int]) -> str:
    """Format ascending frame numbers: ``1-9 20-40/5`` is 1 to 9, and every fifth from 20 to 40."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and (len(runs[-1]) == 1 or number - runs[-1][-1] == runs[-1][1] - runs[-1][0]):
            runs[-1].append(number)
        else:
            runs.append([number])
    return " ".join(
        f"{run[0]}"
        if len(run) == 1
        else f"{run[0]}-{run[-1]}" + (f"/{step}" if (step := run[1] - run[0]) > 1 else "")
        for run in runs
    )


def parse_frame_runs(runs: str) -> list[int]:
    """Parse the frame numbers that `format_frame_runs` wrote.

    Raises:
        ValueError: If the text has another form.
    """
    numbers: list[int] = []
    for run in runs.split():
        ends, _, step = run.partition("/")
        first, _, last = ends.partition("-")
        found = range(int(first), int(last or first) + 1, int(step or 1))
        if found.start < 1 or len(numbers) + len(found) > _MOST_FRAMES:
            raise ValueError(f"{run!r} is not a run of frames")
        numbers += found
    return numbers
