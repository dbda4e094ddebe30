"""Which frames of a video somebody labeled."""

from __future__ import annotations

from deeplake_labelbox._model.annotations import VideoLabel


def labeled_ranges(label: VideoLabel) -> tuple[tuple[int, int], ...]:
    """The frames that lie inside a labeled segment, or carry a value.

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
            for feature_id in (
                answer.feature_id,
                *(option.feature_id for option in answer.options),
            ):
                segments = label.segments.get(feature_id) if feature_id is not None else None
                if segments is not None:
                    found.update((int(first), int(last)) for first, last in segments)
    return tuple(found)
