"""Find the frames in which an object is visible, and the values that it has there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._model.annotations import Track, VideoLabel

Frames = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class VisibleFrames:
    """The frames in which a track is visible, and the values of the track to compute them from.

    All arrays have one entry per visible frame (M).

    Attributes:
        frames: 1-based frame numbers, ascending.
        held: Index into the track's ``frames`` of the value to start from.
        towards: Index of the next value in the same segment, to interpolate towards; -1 if the
            held value does not move.
        answered: Index of the last value at or before the frame, -1 if there is none yet: answers
            apply until the next value, and never before their frame.
    """

    frames: Frames
    held: NDArray[np.intp]
    towards: NDArray[np.intp]
    answered: NDArray[np.intp]


def visible_frames(track: Track, last_frame: int) -> VisibleFrames:
    """Compute the frames in which a track is visible.

    A frame that carries a value keeps it. Between two values of one segment, the object moves.
    After the last value of a segment, it keeps this value until the segment ends; before the first
    value, it has the first value. A segment without values has the last value before it.

    Args:
        track: The track.
        last_frame: Number of the last frame of the video; later frames are left out.

    Returns:
        The visible frames.
    """
    values = track.frames
    segments = track.segments[track.segments[:, 0] <= last_frame]
    spans = [np.arange(start, min(end, last_frame) + 1) for start, end in segments]
    frames = _union(spans, values[values <= last_frame])
    following = np.searchsorted(values, frames, side="right")
    answered = following - 1
    segment_of_frame = _segment_of(segments, frames)
    segment_of_value = _segment_of(segments, values)
    before = np.maximum(answered, 0)
    after = np.minimum(following, len(values) - 1)
    starts_here = (answered >= 0) & (segment_of_value[before] == segment_of_frame)
    ends_here = (following < len(values)) & (segment_of_value[after] == segment_of_frame)
    exact = (answered >= 0) & (values[before] == frames)
    held = np.where(~starts_here & ends_here, after, before)
    held = np.where(exact, before, held)
    towards = np.where(starts_here & ends_here & ~exact, after, -1)
    return VisibleFrames(frames=frames, held=held, towards=towards, answered=answered)


def frames_beyond(track: Track, last_frame: int) -> tuple[int, int] | None:
    """Return the first and last frame of a track after ``last_frame``, or ``None``."""
    ends = [*track.frames[-1:], *track.segments[-1:, 1]]
    last = max(map(int, ends))
    if last <= last_frame:
        return None
    starts = [frame for frame in track.frames if frame > last_frame]
    starts += [max(start, last_frame + 1) for start, end in track.segments if end > last_frame]
    return int(min(starts)), last


def labeled_ranges(label: VideoLabel) -> tuple[tuple[int, int], ...]:
    """Return the frames that lie in a labeled segment or carry a value.

    Segments of objects and of frame classifications count; answers for the whole video do not.

    Args:
        label: The label.

    Returns:
        First and last frame, 1-based, of intervals that may overlap, in any order.
    """
    found: set[tuple[int, int]] = set()
    for track in label.tracks:
        found.update((int(first), int(last)) for first, last in track.segments)
        found.update((int(frame), int(frame)) for frame in track.frames)
    for by_frame in label.frame_answers:
        for frame, answer in by_frame.answers.items():
            found.add((frame, frame))
            for feature_id in answer.feature_ids:
                segments = label.segments.get(feature_id, ())
                found.update((int(first), int(last)) for first, last in segments)
    return tuple(found)


def _union(spans: list[Frames], values: Frames) -> Frames:
    if len(spans) == 1 and (
        not len(values) or (spans[0][0] <= values[0] and values[-1] <= spans[0][-1])
    ):
        return spans[0]
    return np.unique(np.concatenate([*spans, values]))


def _segment_of(segments: Frames, frames: Frames) -> NDArray[np.intp]:
    """Return the index of the segment that each frame lies in, -1 for none."""
    if not len(segments):
        return np.full(len(frames), -1)
    index = np.searchsorted(segments[:, 0], frames, side="right") - 1
    inside = (index >= 0) & (frames <= segments[np.maximum(index, 0), 1])
    return np.where(inside, index, -1)
