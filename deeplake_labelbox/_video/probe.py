"""Read the header and the first frame of a video."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import IO

import av.error

from deeplake_labelbox._video.container import (
    VideoInfo,
    describe_stream,
    ffmpeg_message,
    open_container,
)
from deeplake_labelbox._video.damage import find_damage
from deeplake_labelbox._video.orientation import Orientation
from deeplake_labelbox.errors import VideoDecodeError


@dataclass(frozen=True, slots=True)
class VideoProbe:
    """The properties of a video, from its header and first frame.

    Attributes:
        info: The header, with the size as displayed.
        orientation: The turn of decoded pictures for display.
        delay: Number of frames that the decoder may hold back to put them in order.
    """

    info: VideoInfo
    orientation: Orientation
    delay: int


def probe_video(source: Path | IO[bytes], name: str) -> VideoProbe:
    """Decode the first frame, which gives orientation and size.

    Args:
        source: A local file, or an open one that can seek.
        name: Its name in messages.

    Raises:
        VideoDecodeError: If it is not a video, or not even one frame can be decoded.
    """
    with open_container(source, name) as (container, stream):
        first, why, cause = None, "no frame comes out of it", None
        try:
            first = next(container.decode(stream), None)
        except av.error.FFmpegError as error:
            why, cause = f"FFmpeg says: {ffmpeg_message(error)}", error
        if first is None:
            damage = find_damage(source, stream)
            if damage:
                why = f"the file {damage.reason}"
            elif not stream.width * stream.height:
                why = "it declares no size of its pictures, or one that FFmpeg refuses"
            raise VideoDecodeError(
                f"{name} cannot be decoded, from its first frame on: {why}. "
                "Check that it plays, or upload it again."
            ) from cause
        orientation = Orientation.of_frame(first)
        return VideoProbe(
            describe_stream(container, stream, orientation),
            orientation,
            stream.codec_context.reorder_depth,
        )
