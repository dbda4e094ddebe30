"""Interpolate an object on any frame of its segments, as Labelbox's editor does.

Deliberately written frame by frame in scalar Python: the package's array code is tested against it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deeplake_labelbox.sandbox.content import LabelKeyFrame, LabelSegment


def key_frame_before(segment: LabelSegment, frame: int) -> LabelKeyFrame:
    """Return the last key frame at or before ``frame``, which must lie in the segment."""
    return max((key for key in segment.key_frames if key.frame <= frame), key=lambda key: key.frame)


def geometry_at(segment: LabelSegment, frame: int) -> dict[str, Any]:
    """Return the geometry on ``frame``, in the export format.

    Boxes, points and lines move linearly between two key frames, rounded to 3 decimals; lines
    whose vertex counts differ are held, and so is everything after the last key frame.
    """
    before = key_frame_before(segment, frame)
    after = min(
        (key for key in segment.key_frames if key.frame > frame),
        key=lambda key: key.frame,
        default=None,
    )
    if before.frame == frame or after is None:
        return before.geometry
    moved = {}
    for payload, value in before.geometry.items():
        moved[payload] = _between(value, after.geometry[payload], before.frame, after.frame, frame)
    return moved


def _between(value: Any, target: Any, start: int, end: int, frame: int) -> Any:
    if isinstance(value, dict):
        return {key: _between(value[key], target[key], start, end, frame) for key in value}
    if isinstance(value, list):
        if len(value) != len(target):
            return value
        return [_between(a, b, start, end, frame) for a, b in zip(value, target, strict=True)]
    # Like numpy.round: scale, round half to even, scale back.
    return round((value + (target - value) * (frame - start) / (end - start)) * 1000) / 1000
