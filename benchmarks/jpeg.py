"""What a JPEG's quality costs, in PSNR and bytes, against the frames as PNG keeps them.

``python -m benchmarks.jpeg`` prints the table of `deeplake_labelbox._video.encodings`.
"""

from __future__ import annotations

import io
import sys

import numpy as np
from PIL import Image

from benchmarks.clips import real_clip
from deeplake_labelbox._video import FrameExtractor, encode_jpeg, encode_png
from deeplake_labelbox._video.encodings import Subsampling


def main() -> None:
    """Measure every tenth frame of the clip."""
    with FrameExtractor(real_clip("bigbuckbunny.mp4")) as extractor:
        frames = [frame for batch in extractor for frame in batch.frames][::10]
    lossless = sum(len(encode_png(frame)) for frame in frames)
    choices: list[tuple[int, Subsampling]] = [(quality, "4:2:0") for quality in (75, 85, 90, 95)]
    for quality, subsampling in [*choices, (95, "4:4:4")]:
        files = [encode_jpeg(frame, quality, subsampling=subsampling) for frame in frames]
        errors = [
            np.square(np.asarray(Image.open(io.BytesIO(file))).astype(float) - frame).mean()
            for file, frame in zip(files, frames, strict=True)
        ]
        psnr = np.mean(10 * np.log10(255**2 / np.array(errors)))
        size = sum(map(len, files))
        sys.stdout.write(
            f"{quality:<7} {subsampling:<12} {psnr:<10.1f} "
            f"{size / len(files) / 1024:<10.0f} {100 * size / lossless:.0f}\n"
        )


if __name__ == "__main__":
    main()
