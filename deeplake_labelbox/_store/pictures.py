"""Pictures of many rows at once.

PNG files that this package wrote have one row filter, "up": reading the stored files, inflating
them with ISA-L and adding up their rows takes about half the time of reading arrays from Deep Lake.
All other pictures Deep Lake decodes, JPEG faster than Pillow does.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from deeplake import types
from isal import igzip_lib, isal_zlib
from numpy.typing import NDArray

from deeplake_labelbox._store.cells import Readable
from deeplake_labelbox._store.columns import ReadableDataset
from deeplake_labelbox._store.location import dataset_errors
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

    def read(self, dataset: Readable, rows: Sequence[int]) -> Iterator[NDArray[np.uint8]]:
        """The pictures of rows, one after the other, each a new (H, W, 3) uint8 RGB array.

        Raises:
            DatasetError: If a picture is missing, or Deep Lake cannot read or decode it.
        """
        reading = f"reading pictures of column {self._column!r}"
        files: Any = [b""] * len(rows)
        if self._has_files:
            # At once, which fetches what is remote; where Deep Lake decodes, from its cache.
            with dataset_errors(reading):
                files = dataset[self._column].get_bytes(list(rows))
        for row, file in zip(rows, files, strict=True):
            picture = self._decode(file, row)
            if picture is None:
                # By row it takes less time than by column, and than many at once.
                with dataset_errors(reading):
                    cells = dataset[row]
                    picture = self._as_rgb(cells[self._column], row)
            yield picture

    def _decode(self, file: bytes, row: int) -> NDArray[np.uint8] | None:
        try:
            return decode_own_png(file)
        except ValueError as error:
            # Deep Lake would decode what there is, and leave the rest to chance.
            raise DatasetError(
                f"The picture in row {row} of column {self._column!r} is damaged; leave the row "
                f"out with where=, or write its frame again."
            ) from error

    def _as_rgb(self, array: Any, row: int) -> NDArray[np.uint8]:
        if array is None:
            raise DatasetError(
                f"Row {row} has no picture in column {self._column!r}; leave it out with where=."
            )
        picture: NDArray[np.uint8] = np.require(array, np.uint8, ["C", "W", "O"])
        if picture.ndim == 2:
            picture = picture[:, :, None]
        if picture.shape[2] == 1:
            return np.repeat(picture, 3, axis=2)
        return picture if picture.shape[2] == 3 else picture[:, :, :3].copy()


def decode_own_png(file: bytes) -> NDArray[np.uint8] | None:
    """Decode an 8-bit RGB PNG whose rows all have the filter "up".

    Returns:
        A new (H, W, 3) array; ``None`` for a file of any other kind.

    Raises:
        ValueError: If the file is damaged.
    """
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
    except _InflateError as error:
        raise ValueError("its pixels cannot be inflated") from error
    if len(pixels) != height * (3 * width + 1):
        raise ValueError("pixels are missing")
    rows = np.frombuffer(pixels, dtype=np.uint8).reshape(height, 3 * width + 1)
    if not (rows[:, 0] == _UP_FILTER).all():
        return None
    picture = np.empty((height, 3 * width), dtype=np.uint8)
    picture[0] = rows[0, 1:]
    # Row by row is several times faster than numpy's accumulate along the first axis.
    for number in range(1, height):
        np.add(picture[number - 1], rows[number, 1:], out=picture[number])
    return picture.reshape(height, width, 3)
