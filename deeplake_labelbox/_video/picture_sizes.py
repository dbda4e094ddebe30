"""Find changes of the picture size within a video without decoding all of it."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Final

import av
import numpy as np

from deeplake_labelbox._video.container import open_container
from deeplake_labelbox._video.orientation import Orientation
from deeplake_labelbox._video.packets import PacketTable

# The size changes only at key frames; at most this many are decoded.
_KEY_FRAMES: Final = 100


def picture_sizes(
    path: Path, name: str, packets: PacketTable, orientation: Orientation
) -> list[tuple[int, int, int]]:
    """Find the picture sizes of a video from its key frames.

    Args:
        path: A local file.
        name: Its name in messages.
        packets: Its packets.
        orientation: The rotation and mirroring of its pictures.

    Returns:
        First 1-based frame, width and height, as displayed, of each run of key frames of one size;
        empty if the size does not change. If there are many key frames, only some are decoded, and
        the frame may be later than the change.

    Raises:
        VideoDecodeError: If the file is not a video.
    """
    keys = np.flatnonzero(packets.every["is_key"])
    if len(keys) < 2:
        return []
    chosen = np.linspace(0, len(keys) - 1, min(_KEY_FRAMES, len(keys))).round().astype(int)
    wanted = set(keys[chosen].tolist())
    sizes: list[tuple[int, int, int]] = []
    with open_container(path, name) as (container, stream):
        context = stream.codec_context
        context.thread_type = "NONE"
        with_data = (packet for packet in container.demux(stream) if packet.size)
        for number, packet in enumerate(islice(with_data, int(keys[-1]) + 1)):
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
