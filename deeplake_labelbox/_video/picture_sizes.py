"""Picture sizes that change within a video, found without decoding all of it."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Final

import av
import numpy as np

from deeplake_labelbox._video.container import open_container
from deeplake_labelbox._video.orientation import Orientation

# A size changes at a key frame only; of a video with more of them, so many are decoded.
_KEY_FRAMES: Final = 100


def picture_sizes(
    source: Path | IO[bytes], name: str, orientation: Orientation
) -> list[tuple[int, int, int]]:
    """Find the sizes of a video's pictures by its key frames.

    Args:
        source: A local file, or an open one that can seek.
        name: What to call it in messages.
        orientation: How its pictures are turned.

    Returns:
        First 1-based frame, width and height, as displayed, of each run of key frames of one size;
        nothing where the size does not change. Of a video with many key frames some are looked at,
        so that the frame may be a later one.

    Raises:
        VideoDecodeError: If it is not a video.
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
