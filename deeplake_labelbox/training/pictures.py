"""Pictures of many rows at once.

Reading the stored files and decoding them here is about twice as fast for PNG as reading arrays
from Deep Lake, and as fast for JPEG: the package's own PNG files (one row filter, "up") are
inflated by ISA-L and their rows added up, other files are decoded by Pillow.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
from deeplake import types
from isal import igzip_lib, isal_zlib
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from deeplake_labelbox.dataset.columns import ReadableDataset
from deeplake_labelbox.dataset.location import dataset_errors
from deeplake_labelbox.errors import ConfigurationError, DatasetError

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_RGB_8_BIT = (8, 2, 0, 0, 0)  # bit depth, colour type, compression, filter method, interlace
_UP_FILTER = 2
_HEADER_BYTES = 33  # signature and header chunk

# Its type stub has the exception as an instance.
_InflateError: type[Exception] = igzip_lib.IsalError  # type: ignore[assignment]  # see above


class PictureReader:
    """Reads the pictures of rows.

    Args:
        dataset: The dataset.
        column: A column of pictures: `deeplake.types.Image`, or arrays (H, W, 3) or (H, W).

    Raises:
        ConfigurationError: If there is no such column.
    """

    def __init__(self, dataset: ReadableDataset, column: str = "frames") -> None:
        found = {c.name: c.dtype for c in dataset.schema.columns}
        if column not in found:
            raise ConfigurationError(
                f"The dataset has no column {column!r} of pictures; give the name of one of its "
                f"columns as image_column: {', '.join(found)}."
            )
        self._column = column
        self._has_files = getattr(found[column], "kind", None) == types.TypeKind.Image

    def read(self, dataset: ReadableDataset, rows: Sequence[int]) -> list[NDArray[np.uint8]]:
        """The pictures of rows, each a new (H, W, 3) uint8 RGB array.

        Raises:
            DatasetError: If a picture is missing or cannot be decoded.
        """
        column = dataset[self._column]
        with dataset_errors("reading frames"):
            if not self._has_files:
                arrays: Any = column[list(rows)]
                return [_as_rgb(array) for array in arrays]
            files = column.get_bytes(list(rows))
        pictures = []
        for row, file in zip(rows, files, strict=True):
            try:
                pictures.append(decode_picture(file))
            except (UnidentifiedImageError, OSError) as error:
                raise DatasetError(
                    f"The picture in row {row} of column {self._column!r} cannot be decoded; "
                    f"leave the row out with where=, or write its frame again."
                ) from error
        return pictures


def decode_picture(file: bytes) -> NDArray[np.uint8]:
    """Decode a picture file to a new (H, W, 3) uint8 RGB array."""
    picture = _decode_up_filtered_png(file)
    if picture is None:
        with Image.open(io.BytesIO(file)) as image:
            picture = np.array(image.convert("RGB"))
    return picture


def _decode_up_filtered_png(file: bytes) -> NDArray[np.uint8] | None:
    """Decode an 8-bit RGB PNG whose rows all have the filter "up"; ``None`` for any other file."""
    if len(file) < _HEADER_BYTES or file[:8] != _PNG_SIGNATURE:
        return None
    if struct.unpack_from(">5B", file, 24) != _RGB_8_BIT:
        return None
    width, height = struct.unpack_from(">II", file, 16)
    view, place, parts = memoryview(file), 8, []
    while place + 12 <= len(file):
        size, kind = struct.unpack_from(">I4s", file, place)
        if kind == b"IDAT":
            parts.append(view[place + 8 : place + 8 + size])
        place += 12 + size
    try:
        # Without a single part there is nothing to join, and nothing to copy.
        pixels = isal_zlib.decompress(
            parts[0] if len(parts) == 1 else b"".join(parts), bufsize=height * (3 * width + 1)
        )
    except _InflateError:
        return None
    if len(pixels) != height * (3 * width + 1):
        return None
    rows = np.frombuffer(pixels, dtype=np.uint8).reshape(height, 3 * width + 1)
    if not (rows[:, 0] == _UP_FILTER).all():
        return None
    picture = np.empty((height, 3 * width), dtype=np.uint8)
    picture[0] = rows[0, 1:]
    # Row by row is several times faster than numpy's accumulate along the first axis.
    for number in range(1, height):
        np.add(picture[number - 1], rows[number, 1:], out=picture[number])
    return picture.reshape(height, width, 3)


def _as_rgb(array: Any) -> NDArray[np.uint8]:
    if array is None:
        raise DatasetError("A row has no picture; leave it out with where=.")
    picture = np.array(array, dtype=np.uint8)
    if picture.ndim == 2:
        picture = picture[:, :, None]
    return np.repeat(picture, 3, axis=2) if picture.shape[2] == 1 else picture[:, :, :3].copy()
