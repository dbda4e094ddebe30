"""Encode clips: a few dozen frames as H.264 packets, which a browser decodes frame by frame."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation
from numpy.typing import NDArray

from deeplake_labelbox._video.cores import usable_cores

Size = tuple[int, int]
"""Width and height in pixels."""

# A browser keeps the decoded frames of three clips, at four bytes per pixel.
_PIXELS_IN_CLIP: Final = 28_000_000
_MOST_FRAMES: Final = 60
_FEWEST_FRAMES: Final = 8
# The first frame of a clip takes about as many bytes as this many others.
_FIRST_FRAME: Final = 8
_RATE: Final = 25
_CRF: Final = 23
_BT709: Final = 1  # of H.264's tables E-3 to E-5
_PARAMETER_SET: Final = b"\x00\x00\x01\x67"


@dataclass(frozen=True, slots=True)
class Clip:
    """Frames as H.264 that begin with a key frame and do not depend on other clips.

    Attributes:
        codec: The codec as WebCodecs names it, such as ``avc1.64001f``.
        size: Width and height.
        packets: Index of the frame and number of bytes of each packet, in decoding order.
        data: The packets one after the other, in the byte stream format (Annex B).
    """

    codec: str
    size: Size
    packets: list[tuple[int, int]]
    data: bytes


def frames_in_clip(size: Size) -> int:
    """Return the number of frames in a clip of pictures of a size."""
    return max(_FEWEST_FRAMES, min(_MOST_FRAMES, _PIXELS_IN_CLIP // (size[0] * size[1])))


def clip_size(stored: Size, width: int, max_pixels: float = math.inf) -> Size:
    """Return the size of a clip: even, as H.264 requires.

    Args:
        stored: Size of the frames.
        width: Greatest width.
        max_pixels: Greatest number of pixels.
    """
    scale = min(1.0, width / stored[0], math.sqrt(max_pixels / (stored[0] * stored[1])))
    across, down = (max(2, 2 * round(side * scale / 2)) for side in stored)
    return across, down


def clip_weight(frames: int, size: Size) -> float:
    """Return the relative weight of a clip when bytes are distributed over clips."""
    return (frames + _FIRST_FRAME) * size[0] * size[1]


def encode_clip(
    frames: Sequence[NDArray[np.uint8]],
    size: Size,
    *,
    max_bytes: float | None = None,
    is_fast: bool = False,
) -> Clip:
    """Encode frames as a clip.

    Args:
        frames: (H, W, 3) uint8 RGB each; they are scaled to ``size``.
        size: Width and height, even.
        max_bytes: Target for the greatest size; pictures that are hard to encode may exceed it.
        is_fast: Whether to encode in a quarter of the time, at twice the size, on all cores; by
            default on one.
    """
    encoder: Any = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height = size
    encoder.pix_fmt = "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, _RATE), Fraction(_RATE)
    encoder.color_primaries = encoder.color_trc = encoder.colorspace = _BT709
    encoder.color_range = ColorRange.MPEG
    encoder.thread_count = usable_cores() if is_fast else 1
    preset = "ultrafast" if is_fast else "veryfast"
    encoder.options = {"preset": preset, "crf": str(_CRF), **_limits(max_bytes, len(frames))}
    packets, data = [], []
    for place, pixels in enumerate([*frames, None]):
        frame = None
        if pixels is not None:
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
            frame = frame.reformat(
                *size,
                "yuv420p",
                dst_colorspace=Colorspace.ITU709,
                dst_color_range=ColorRange.MPEG,
                interpolation=Interpolation.AREA,
            )
            frame.pts, frame.time_base = place, Fraction(1, _RATE)
        for packet in encoder.encode(frame):
            data.append(bytes(packet))
            packets.append((int(packet.pts), len(data[-1])))
    joined = b"".join(data)
    start = joined.index(_PARAMETER_SET) + len(_PARAMETER_SET)
    return Clip(f"avc1.{joined[start : start + 3].hex()}", size, packets, joined)


def _limits(max_bytes: float | None, frames: int) -> dict[str, str]:
    """Return the options that limit the size: a buffer, nine tenths full, and its fill rate."""
    if max_bytes is None:
        return {}
    kilobits = 8 * max_bytes / 1000
    buffer = kilobits / 2
    rate = (kilobits - 0.9 * buffer) * _RATE / frames
    return {"x264-params": f"vbv-maxrate={max(1, round(rate))}:vbv-bufsize={max(1, round(buffer))}"}
