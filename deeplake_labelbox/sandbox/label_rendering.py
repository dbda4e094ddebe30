"""Render a label as an object of the video export JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deeplake_labelbox.sandbox.classification_input import export_form
from deeplake_labelbox.sandbox.interpolation import geometry_at, key_frame_before
from deeplake_labelbox.sandbox.ontology import slug

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from deeplake_labelbox.sandbox.content import (
        FrameClassification,
        LabelAnswer,
        LabelContent,
        LabelSegment,
        LabelTrack,
    )

    MaskPayload = Callable[[LabelContent, LabelTrack, int], dict[str, Any]]


def render_annotations(
    content: LabelContent, *, interpolated_frames: bool, mask_payload: MaskPayload
) -> dict[str, Any]:
    """Render the ``annotations`` of a label: frames, segments, key frames, classifications.

    Args:
        content: The content of the label.
        interpolated_frames: Whether to list every frame of every segment; otherwise only key
            frames, and both ends of each segment of an answer.
        mask_payload: Returns the ``{"mask": {…}}`` or ``{"composite_mask": {…}}`` of an instance
            as drawn on a frame.
    """
    objects: dict[int, dict[str, dict[str, Any]]] = {}
    segments: dict[str, list[list[int]]] = {}
    key_frames: dict[str, list[int]] = {}
    for track in content.tracks:
        segments[track.feature_id] = [[segment.start, segment.end] for segment in track.segments]
        drawn = [key.frame for segment in track.segments for key in segment.key_frames]
        key_frames[track.feature_id] = drawn
        for segment in track.segments:
            every = range(segment.start, segment.end + 1)
            listed: Iterable[int] = (
                every if interpolated_frames else (key.frame for key in segment.key_frames)
            )
            for frame in listed:
                shown = _object(content, track, segment, frame, mask_payload)
                objects.setdefault(frame, {})[track.feature_id] = shown

    answers: dict[int, list[dict[str, Any]]] = {}
    for classification in content.frame_classifications:
        answered = _answered_frames(classification)
        for frame in answered if interpolated_frames else _edges(classification):
            answers.setdefault(frame, []).append(_state(classification, frame))
        by_answer = content.classification_segments == "answer"
        for feature_id, spans in _timelines(classification, by_answer=by_answer):
            ranges = _merged(pair for span in spans for pair in span.ranges)
            segments[feature_id] = [list(pair) for pair in ranges]
            key_frames[feature_id] = sorted(
                {frame for span in spans for pair in span.ranges for frame in pair}
            )
    return {
        "frames": {
            str(frame): {
                "objects": objects.get(frame, {}),
                "classifications": answers.get(frame, []),
            }
            for frame in sorted({*objects, *answers})
        },
        "segments": segments,
        "key_frame_feature_map": key_frames,
        "classifications": list(content.classifications),
    }


def _object(
    content: LabelContent,
    track: LabelTrack,
    segment: LabelSegment,
    frame: int,
    mask_payload: MaskPayload,
) -> dict[str, Any]:
    key = key_frame_before(segment, frame)
    payload = (
        geometry_at(segment, frame)
        if track.color is None
        else mask_payload(content, track, key.frame)
    )
    return {
        "feature_id": track.feature_id,
        "feature_schema_id": track.tool["featureSchemaId"],
        "name": track.tool["name"],
        "value": slug(track.tool["name"]),
        "annotation_kind": track.annotation_kind,
        "classifications": key.classifications,
        **payload,
    }


def _state(classification: FrameClassification, frame: int) -> dict[str, Any]:
    answers = [span.answer for span in classification.spans if span.holds_at(frame)]
    return export_form(classification.feature_id, classification.schema, answers)


def _answered_frames(classification: FrameClassification) -> list[int]:
    ranges = [pair for span in classification.spans for pair in span.ranges]
    return sorted({frame for start, end in ranges for frame in range(start, end + 1)})


def _edges(classification: FrameClassification) -> list[int]:
    """Return the frames on which an answer starts or ends, and those after an end."""
    ranges = [pair for span in classification.spans for pair in span.ranges]
    edges = {frame for start, end in ranges for frame in (start, end, end + 1)}
    return [
        frame
        for frame in sorted(edges)
        if any(span.holds_at(frame) for span in classification.spans)
    ]


def _timelines(
    classification: FrameClassification, *, by_answer: bool
) -> list[tuple[str, list[LabelAnswer]]]:
    # A text answer has no feature id of its own.
    if not by_answer or classification.schema["type"] == "text":
        return [(classification.feature_id, list(classification.spans))]
    timelines: dict[str, list[LabelAnswer]] = {}
    for span in classification.spans:
        timelines.setdefault(span.answer["feature_id"], []).append(span)
    return list(timelines.items())


def _merged(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
