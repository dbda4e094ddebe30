"""Write the label of a sample video as Labelbox's import NDJSON.

The form is that of https://docs.labelbox.com/reference/import-video-annotations, with two
additions of the sandbox: a segment's ``end`` (the last key frame is held until then) and
the ``segments`` of masks (the runs of frames in which they are visible).
"""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from deeplake_labelbox.sandbox.sample.tracks import Outline

if TYPE_CHECKING:
    from deeplake_labelbox.sandbox.sample.answers import FrameAnswer
    from deeplake_labelbox.sandbox.sample.tracks import KeyFrame, SampleTrack
    from deeplake_labelbox.sandbox.sample.video import SampleVideo


def annotation_lines(video: SampleVideo) -> list[dict[str, Any]]:
    """Return all annotations of a video: objects, masks, frame answers, global answers."""
    objects = [_object(track) for track in video.tracks if not track.mask_color]
    instances = [track for track in video.tracks if track.mask_color]
    masks = [_masks(video, instances)] if instances else []
    by_name: dict[str, list[FrameAnswer]] = {}
    for given in video.frame_answers:
        by_name.setdefault(given.answer.name, []).append(given)
    frame_answers = [
        {"name": name, "answer": [entry for given in answers for entry in given.to_answers()]}
        for name, answers in by_name.items()
    ]
    return [*objects, *masks, *frame_answers, *(a.to_ndjson() for a in video.global_answers)]


def _object(track: SampleTrack) -> dict[str, Any]:
    return {
        "name": track.tool,
        "segments": [
            {"keyframes": [_key_frame(key) for key in segment.key_frames], "end": segment.end}
            for segment in track.segments
        ],
    }


def _key_frame(key: KeyFrame) -> dict[str, Any]:
    if isinstance(key.shape, Outline):
        raise TypeError("An outline is drawn as a mask, so its track needs a mask color.")
    line = {"frame": key.frame, **key.shape.to_ndjson()}
    if key.answers:
        line["classifications"] = [answer.to_ndjson() for answer in key.answers]
    return line


def _masks(video: SampleVideo, tracks: list[SampleTrack]) -> dict[str, Any]:
    # One picture per frame has all instances; an instance that is missing in it is not visible.
    frames = sorted({frame for track in tracks for frame in track.key_frames()})
    last = max(end for track in tracks for _, end in track.ranges())
    return {
        "masks": {
            "frames": [
                {"index": frame, "imBytes": _composite(video, tracks, frame)} for frame in frames
            ],
            "instances": [
                {"name": track.tool, "colorRGB": list(track.mask_color or ())} for track in tracks
            ],
        },
        "segments": [[frames[0], last]],
    }


def _composite(video: SampleVideo, tracks: list[SampleTrack], frame: int) -> str:
    picture = np.zeros((video.height, video.width, 3), np.uint8)
    for track in tracks:
        picture[video.mask_at(track, frame)] = track.mask_color or (0, 0, 0)
    data = io.BytesIO()
    Image.fromarray(picture).save(data, "png", compress_level=1)
    return base64.b64encode(data.getvalue()).decode("ascii")
