"""Convert decoded frames to RGB."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter

if TYPE_CHECKING:
    import av
    from numpy.typing import NDArray


def to_rgb(
    frame: av.VideoFrame,
    reformatter: VideoReformatter,
    size: tuple[int, int] | None,
    *,
    padded: bool = False,
) -> NDArray[np.uint8]:
    """Return a frame as (H, W, 3) or (H, W, 4) uint8, not turned.

    One reformatter is used for all frames: a new one for each would take a third of the time.

    Args:
        frame: The decoded frame.
        reformatter: The reformatter; only one thread at a time may use it.
        size: Width and height to scale to.
        padded: Whether pixels get a fourth byte, which is unused.
    """
    width, height = size or (frame.width, frame.height)
    interpolation = None
    if (width, height) != (frame.width, frame.height):
        shrinks = width <= frame.width and height <= frame.height
        interpolation = Interpolation.AREA if shrinks else Interpolation.BICUBIC
    rgb = reformatter.reformat(
        frame,
        width=width,
        height=height,
        # libswscale 9.5 leaves up to 4 columns of RGBA unset where the width is no multiple of 16.
        format="rgba" if padded and width % 16 == 0 else "rgb24",
        interpolation=interpolation,
        threads=1,  # the cores are the encoders'
    )
    picture = rgb.to_ndarray()
    # An RGB source is not converted: its array is memory that the decoder may still refer to.
    return np.array(picture, dtype=np.uint8, order="C", copy=True if rgb is frame else None)
