"""Find changes of the picture size within a video without decoding all of it."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Final

import av
import numpy as np

from deeplake_labelbox._video.container import open_container
from deeplake_labelbox._video.orientation import Orientation

# The size changes only at key frames; at most this many are decoded.
_KEY_FRAMES: Final = 100


def picture_sizes(
    source: Path | IO[bytes], name: str, orientation: Orientation
) -> list[tuple[int, int, int]]:
    """Find the picture sizes of a video from its key frames.

    Args:
        source: The path of a local file, or an open file that can seek.
        name: The file's name in messages.
        orientation: The rotation and mirroring of its pictures.

    Returns:
        First 1-based frame, width and height, as displayed, of each run of key frames of one size;
        empty if the size does not change. If there are many key frames, only some are decoded, and
        the frame may be later than the change.

    Raises:
        VideoDecodeError: If the file is not a video.
    """
    with open_container(source, name) as (container, stream):
        keys = [n for n, packet in enumerate(container.demux(stream)) if packet.is_keyframe]
    if len(keys) < 2:
        return []
    chosen = np.linspace(0, len(keys) - 1, min(_KEY_FRAMES, len(keys))).round().astype(int)
    wanted = {keys[place] for place in chosen.tolist()}
    sizes: list[tuple[int, int, int]] = []
    with open_container(source, name) as (container, stream):
        context = stream.codec_context
        context.thread_type = "NONE"
        for number, packet in enumerate(container.demux(stream)):
            if number not in wanted:
                continue
            try:
                frames = [*context.decode(packet), *context.decode(None)]
            except av.FFmpegError:  # the scan reports damage
                frames = []
            context.flush_buffers()
            for frame in frames[:1]:
                shown = orientation.size(frame.width, frame.height)
                if not sizes or sizes[-1][1:] != shown:
                    sizes.append((number + 1, *shown))
    return sizes if len(sizes) > 1 else []
