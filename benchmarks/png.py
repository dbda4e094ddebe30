"""What PNG costs with this package, Pillow and Deep Lake: milliseconds and bytes a frame.

``python -m benchmarks.png`` prints the table of `deeplake_labelbox._video.encodings`. All decode to
the same pixels; Deep Lake's includes its commit to a local disk.
"""

from __future__ import annotations

import io
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import av
import deeplake
from numpy.typing import NDArray
from PIL import Image

from benchmarks.clips import real_clip
from deeplake_labelbox._video import encode_png

# What the frames are, and FFmpeg's name of it.
_KINDS: Final = (
    ("RGB, 8 bits", "rgb24"),
    ("gray, 8 bits", "gray"),
    ("RGB, 16 bits", "rgb48le"),
    ("gray, 16 bits", "gray16le"),
)


def main() -> None:
    """Measure every fourth frame of a real clip of 1280 x 720, in each kind of pixels."""
    for kind, pixels in _KINDS:
        with av.open(str(real_clip("bigbuckbunny.mp4"))) as container:
            decoded = list(container.decode(video=0))[::4]
        frames = [frame.reformat(format=pixels).to_ndarray() for frame in decoded]
        for encoder, encode in (
            ("deeplake_labelbox", _each(encode_png)),
            ("Pillow", _each(_pillow)),
            ("Deep Lake", _deep_lake),
        ):
            begun = time.perf_counter()
            size = encode(frames)
            seconds = time.perf_counter() - begun
            told = (
                f"{1000 * seconds / len(frames):<8.1f} {size / len(frames) / 1024:.0f}"
                if size
                else "-"
            )
            sys.stdout.write(f"{kind:<14} {encoder:<18} {told}\n")


def _each(encode: Callable[[NDArray[Any]], bytes]) -> Callable[[list[NDArray[Any]]], int]:
    return lambda frames: sum(len(encode(frame)) for frame in frames)


def _pillow(frame: NDArray[Any]) -> bytes:
    if frame.ndim == 3 and frame.itemsize == 2:
        return b""  # Pillow knows no such pictures
    file = io.BytesIO()
    Image.fromarray(frame).save(file, "PNG")
    return file.getvalue()


def _deep_lake(frames: list[NDArray[Any]]) -> int:
    with tempfile.TemporaryDirectory() as folder:
        dataset = deeplake.create(folder)
        dataset.add_column("frames", deeplake.types.Image(frames[0].dtype.name, "png"))
        dataset.append({"frames": [frame.reshape(*frame.shape[:2], -1) for frame in frames]})
        dataset.commit()
        return sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())


if __name__ == "__main__":
    main()
