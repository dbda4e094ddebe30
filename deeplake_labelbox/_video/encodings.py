"""Encode pictures as PNG or JPEG fast, and release the GIL in the slow parts.

PNG is lossless. The encoder uses one row filter, "up" (each row minus the row above), and ISA-L's
deflate. On video frames it is several times faster than encoders that search for the best filter
per row, and its files are smaller than those of zlib's fast levels.
Format: W3C PNG, third edition (signature and chunks: 5, filters: 9.2, header: 11.2.1).
Measured by ``python -m benchmarks.png`` on frames of a real clip (1280 x 720), in ms and KiB per
frame:

============= ============ ============ =======================
pixels        this package Pillow       Deep Lake, on two cores
============= ============ ============ =======================
RGB, 8 bits   7.1, 1083    222, 1060    48, 1118
gray, 8 bits  2.6, 463     89, 414      19, 466
RGB, 16 bits  12.9, 1663   not possible 74, 1453
gray, 16 bits 5.5, 814     144, 954     32, 959
============= ============ ============ =======================

Only 16-bit RGB files are larger than Deep Lake's, and no frame of a dataset is 16-bit RGB.

JPEG is smaller, faster and lossy. Measured by ``python -m benchmarks.jpeg`` on frames of a real
clip (1280 x 720, H.264, 4:2:0), compared with the same frames as PNG:

======= ============ ========== ========== ==========
quality chroma       PSNR (dB)  KiB/frame  % of PNG
======= ============ ========== ========== ==========
75      4:2:0        38.8       116        11
85      4:2:0        40.5       153        14
90      4:2:0        41.6       191        18
95      4:2:0        43.3       274        25
95      4:4:4        45.3       338        31
======= ============ ========== ========== ==========

JPEG is encoded from RGB, although decoders emit YCbCr. Encoding without RGB was also measured and
is not faster: video has limited range and often the BT.709 matrix, JPEG has full range and BT.601
(ITU-T T.871), and this conversion costs more than FFmpeg's to RGB and libjpeg's back.
"""

from __future__ import annotations

import io
import os
import struct
import tempfile
from typing import IO, TYPE_CHECKING, Any, Final, Literal, TypeAlias, get_args

import numpy as np
from isal import isal_zlib
from PIL import Image

from deeplake_labelbox.errors import ConfigurationError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Subsampling: TypeAlias = Literal["4:4:4", "4:2:2", "4:2:0"]
"""Chroma resolution: that of the brightness, half of it horizontally, or half of it both ways."""

PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_COLOR_TYPES: Final = {1: 0, 3: 2, 4: 6}  # channels -> gray, RGB, RGBA
UP_FILTER: Final = 2
_DEFLATE_LEVEL: Final = 1  # ISA-L's 0 is hardly faster and a fifth larger; 2 and 3 gain nothing
_SUBSAMPLINGS: Final = get_args(Subsampling)
_END: Final = struct.pack(">I4sI", 0, b"IEND", isal_zlib.crc32(b"IEND"))


def encode_png(frame: NDArray[Any]) -> bytes:
    """Encode a picture as PNG, without loss.

    Args:
        frame: (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) array of uint8 or uint16.

    Returns:
        The PNG file: gray, RGB or RGBA, with 8 or 16 bits per channel like the array. ISA-L may
        compress the same pixels to different bytes each time; the decoded pixels are the same.

    Raises:
        ConfigurationError: If the array has another shape or dtype.
    """
    _check(frame, dtypes=("uint8", "uint16"), channels=_COLOR_TYPES)
    height, width = frame.shape[:2]
    channels = frame.shape[2] if frame.ndim == 3 else 1
    # PNG samples are big-endian.
    samples = np.ascontiguousarray(frame, dtype=frame.dtype.newbyteorder(">"))
    rows = samples.view(np.uint8).reshape(height, -1)
    filtered = np.empty((height, 1 + rows.shape[1]), dtype=np.uint8)
    filtered[:, 0] = UP_FILTER
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    header = struct.pack(
        ">IIBBBBB", width, height, 8 * frame.itemsize, _COLOR_TYPES[channels], 0, 0, 0
    )
    pixels: bytes = isal_zlib.compress(filtered, _DEFLATE_LEVEL)
    return b"".join([PNG_SIGNATURE, *_chunk(b"IHDR", header), *_chunk(b"IDAT", pixels), _END])


def encode_jpeg(
    frame: NDArray[np.uint8], quality: int = 95, *, subsampling: Subsampling = "4:4:4"
) -> bytes:
    """Encode a picture as JPEG.

    Args:
        frame: (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) array of uint8. A fourth channel is unused
            padding: libjpeg reads such rows without a copy, a fifth faster than RGB.
        quality: 1 to 100, on libjpeg's scale.
        subsampling: Chroma resolution. A finer one than the source's gains little.

    Raises:
        ConfigurationError: If the array has another shape or dtype, or an option is out of range.
    """
    _check(frame, dtypes=("uint8",), channels=(1, 3, 4))
    if not 1 <= quality <= 100:
        raise ConfigurationError(f"quality is {quality}; give a JPEG quality from 1 to 100.")
    if subsampling not in _SUBSAMPLINGS:
        raise ConfigurationError(f"subsampling is {subsampling!r}; give one of {_SUBSAMPLINGS}.")
    if frame.shape[2:] == (4,):
        height, width = frame.shape[:2]
        pixels = np.ascontiguousarray(frame)
        image = Image.frombuffer("RGBX", (width, height), pixels, "raw", "RGBX", 0, 1)
    else:
        image = Image.fromarray(frame[:, :, 0] if frame.shape[2:] == (1,) else frame)
    with _scratch_file() as file:
        image.save(file, "JPEG", quality=quality, subsampling=subsampling)
        file.seek(0)
        return file.read()


def _scratch_file() -> IO[bytes]:
    """Open a file with a descriptor: Pillow releases the GIL for it, but not for a BytesIO."""
    if hasattr(os, "memfd_create"):
        return io.FileIO(os.memfd_create("frame"), "w+")
    return tempfile.TemporaryFile(buffering=0)


def _chunk(kind: bytes, data: bytes) -> tuple[bytes, bytes, bytes]:
    checksum = isal_zlib.crc32(data, isal_zlib.crc32(kind))
    return struct.pack(">I4s", len(data), kind), data, struct.pack(">I", checksum)


def _check(frame: NDArray[Any], *, dtypes: tuple[str, ...], channels: Any) -> None:
    shaped = frame.ndim == 2 or (frame.ndim == 3 and frame.shape[2] in channels)
    if not shaped or frame.size == 0 or frame.dtype.name not in dtypes:
        raise ConfigurationError(
            f"A frame of shape {frame.shape} and dtype {frame.dtype} cannot be encoded; give "
            f"(H, W) or (H, W, C) with C in {sorted(channels)} and dtype {' or '.join(dtypes)}."
        )
