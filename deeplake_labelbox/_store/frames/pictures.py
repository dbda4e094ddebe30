"""Store frames as PNG or JPEG files, and read many rows at once.

PNG files that this package wrote have one row filter, "up". Reading the stored files, inflating
them with ISA-L and adding up their rows takes about half the time of reading arrays from Deep Lake.
So does decoding JPEG files with Pillow. Deep Lake decodes all other pictures.
"""

from __future__ import annotations

import io
import struct
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import deeplake
import numpy as np
from deeplake import types
from isal import igzip_lib, isal_zlib
from numpy.typing import NDArray
from PIL import Image

from deeplake_labelbox._store.appending import append_rows
from deeplake_labelbox._store.cells import Readable
from deeplake_labelbox._store.columns import BASE_COLUMNS
from deeplake_labelbox._store.frames.registry import PICTURES, StorageOptions
from deeplake_labelbox._store.frames.store import RowsAlone
from deeplake_labelbox._store.labelbox_meta import VideoEntry
from deeplake_labelbox._store.location import dataset_errors
from deeplake_labelbox._video.encoder import encode_frames, subsampling_of
from deeplake_labelbox._video.encodings import (
    PNG_SIGNATURE,
    UP_FILTER,
    Subsampling,
    encode_jpeg,
    encode_png,
)
from deeplake_labelbox._video.opened import OpenedVideo, WantedFrames
from deeplake_labelbox._video.prefetch import grouped
from deeplake_labelbox.errors import ConfigurationError, DatasetError

if TYPE_CHECKING:
    from deeplake_labelbox._store.frames.sequence import Frames

# Bytes of files that are appended at a time, and bytes of pixels that are decoded at a time.
_FILE_BYTES = 16 << 20
_PIXEL_BYTES = 8 << 20

# Number of frames that are copied from another dataset at a time.
_TRANSFERRED = 16
_JPEG_SIGNATURE = b"\xff\xd8\xff"
_RGB_8_BIT = (8, 2, 0, 0, 0)  # bit depth, color type, compression, filter method, interlace
_HEADER_BYTES = 33  # signature and header chunk

# The type stub declares the exception as an instance.
_InflateError: type[Exception] = igzip_lib.IsalError  # type: ignore[assignment]  # see above


@dataclass(frozen=True, slots=True, eq=False)
class EncodedBatch:
    """Consecutive frames as picture files.

    Attributes:
        files: N PNG or JPEG files.
        indices: (N,) int32, 0-based, in the order in which the decoder emits frames.
        timestamps: (N,) float64 seconds from the first frame.
    """

    files: list[bytes]
    indices: NDArray[np.int32]
    timestamps: NDArray[np.float64]

    def __len__(self) -> int:
        """Number of frames."""
        return len(self.files)


@dataclass(frozen=True, slots=True)
class PictureStore(RowsAlone):
    """Stores ``frames``, ``frame_idx``, ``video_idx`` and ``timestamp``.

    Frames are encoded on all cores. Deep Lake gets them as files and stores these unchanged.

    Attributes:
        storage: ``"png"`` (lossless) or ``"jpg"``.
        batch_size: Maximum number of rows appended at a time.
    """

    columns: ClassVar[tuple[str, ...]] = BASE_COLUMNS

    storage: StorageOptions
    batch_size: int

    @property
    def options(self) -> Mapping[str, Any]:
        """The options that the metadata of a dataset records."""
        return self.storage.recorded()

    def create_columns(self, dataset: deeplake.Dataset) -> None:
        """Add the base columns."""
        compression = self.storage.frame_storage
        dataset.add_column(PICTURES, types.Image(sample_compression=compression))
        dataset.add_column("frame_idx", types.Int32())
        dataset.add_column("video_idx", types.Int32())
        dataset.add_column("timestamp", types.Float64())

    def prepare(self, video: OpenedVideo, wanted: WantedFrames) -> Iterator[EncodedBatch]:
        """Decode and encode the frames."""
        places: deque[tuple[int, float]] = deque()
        is_jpeg = self.storage.frame_storage == "jpg"

        def frames() -> Iterator[NDArray[np.uint8]]:
            decoded = video.decode(wanted, max_batch_bytes=_PIXEL_BYTES, padded=is_jpeg)
            with closing(decoded):
                for batch in decoded:
                    places.extend(zip(batch.indices, batch.timestamps, strict=True))
                    yield from batch.frames

        encode = self._encoder(subsampling_of(video.info))
        files = ((file, *places.popleft()) for file in encode_frames(frames(), encode))
        for group in grouped(
            files, lambda item: len(item[0]), max_size=_FILE_BYTES, max_count=self.batch_size
        ):
            yield EncodedBatch(
                files=[file for file, _, _ in group],
                indices=np.array([index for _, index, _ in group], dtype=np.int32),
                timestamps=np.array([seconds for _, _, seconds in group], dtype=np.float64),
            )

    def size_of(self, batch: EncodedBatch) -> int:
        """Return the number of bytes of its files."""
        return sum(map(len, batch.files))

    def append(
        self, dataset: deeplake.Dataset, entry: VideoEntry, batch: EncodedBatch
    ) -> VideoEntry:
        """Append one row per frame."""
        columns: dict[str, Sequence[Any] | NDArray[Any]] = {
            PICTURES: batch.files,
            "frame_idx": batch.indices,
            "video_idx": np.full(len(batch), entry.video_idx, dtype=np.int32),
            "timestamp": batch.timestamps,
        }
        with dataset_errors(f"appending frames of video {entry.video_idx}"):
            append_rows(dataset, columns)
        return entry

    def transfer(
        self,
        frames: Frames,
        entry: VideoEntry,  # noqa: ARG002 - the protocol of `FrameStore`
        rows: NDArray[np.int64],
        indices: NDArray[np.int32],
        timestamps: NDArray[np.float64],
    ) -> Iterator[EncodedBatch]:
        """Copy files that already have the right format, and encode all other frames."""
        is_jpeg = self.storage.frame_storage == "jpg"
        signature = _JPEG_SIGNATURE if is_jpeg else PNG_SIGNATURE
        for start in range(0, len(rows), _TRANSFERRED):
            part = slice(start, start + _TRANSFERRED)
            files = list(frames.files(rows[part]))
            if not all(file is not None and file.startswith(signature) for file in files):
                files = list(encode_frames(frames.read(rows[part]), self._encoder()))
            yield EncodedBatch(
                [file for file in files if file is not None], indices[part], timestamps[part]
            )

    def _encoder(self, subsampling: Subsampling = "4:4:4") -> Callable[[NDArray[np.uint8]], bytes]:
        if self.storage.frame_storage == "jpg":
            return partial(encode_jpeg, quality=self.storage.jpeg_quality, subsampling=subsampling)
        return encode_png

    @staticmethod
    def reader(dataset: Readable, column: str) -> PictureReader:
        """Return a reader of a column of pictures."""
        return PictureReader(dataset, column)


class PictureReader:
    """Reads the pictures of rows.

    Args:
        dataset: The dataset.
        column: A column of pictures: `deeplake.types.Image`, or arrays (H, W, 3) or (H, W).

    Raises:
        ConfigurationError: If there is no such column.
    """

    def __init__(self, dataset: Readable, column: str = PICTURES) -> None:
        found = {c.name: c.dtype for c in dataset.schema.columns}
        if column not in found:
            raise ConfigurationError(
                f"The dataset has no column {column!r} of pictures; give the name of one of its "
                f"columns as `image_column`: {', '.join(found)}."
            )
        self._column = column
        self._has_files = getattr(found[column], "kind", None) == types.TypeKind.Image

    def read(self, dataset: Readable, rows: Sequence[int]) -> Iterator[NDArray[np.uint8]]:
        """Yield the pictures of rows, each as a new (H, W, 3) uint8 RGB array.

        Raises:
            DatasetError: If a picture is missing, or Deep Lake cannot read or decode it.
        """
        reading = f"reading pictures of column {self._column!r}"
        files = self._stored(dataset, rows)
        for row, file in zip(rows, files, strict=True):
            picture = self._decode(file, row)
            if picture is None:
                # Reading by row is faster than reading by column or many rows at once.
                with dataset_errors(reading):
                    cells = dataset[row]
                    picture = self._as_rgb(cells[self._column], row)
            yield picture

    def files(self, dataset: Readable, rows: Sequence[int]) -> Iterator[bytes | None]:
        """Yield the file of each row; ``None`` unless it is a JPEG or an 8-bit RGB PNG.

        Raises:
            DatasetError: If Deep Lake cannot read the files.
        """
        for file in self._stored(dataset, rows):
            is_png = file[:8] == PNG_SIGNATURE and file[24:29] == bytes(_RGB_8_BIT)
            yield file if is_png or file[:3] == _JPEG_SIGNATURE else None

    def _stored(self, dataset: Readable, rows: Sequence[int]) -> list[bytes]:
        if not self._has_files:
            return [b""] * len(rows)
        # Read all rows in one request. If Deep Lake decodes them later, they are in its cache.
        with dataset_errors(f"reading pictures of column {self._column!r}"):
            return list(dataset[self._column].get_bytes(list(rows)))

    def _decode(self, file: bytes, row: int) -> NDArray[np.uint8] | None:
        try:
            if file[:3] == _JPEG_SIGNATURE:
                return decode_rgb_jpeg(file)
            return decode_own_png(file)
        except ValueError as error:
            # Deep Lake would decode the intact part, with undefined pixels in the rest.
            raise DatasetError(
                f"The picture in row {row} of column {self._column!r} is damaged; leave the row "
                f"out with `where`, or write its frame again."
            ) from error

    def _as_rgb(self, array: Any, row: int) -> NDArray[np.uint8]:
        if array is None:
            raise DatasetError(
                f"Row {row} has no picture in column {self._column!r}; leave it out with `where`."
            )
        found = np.asarray(array)
        if found.dtype != np.uint8 or found.ndim not in (2, 3) or not found.size:
            raise ConfigurationError(
                f"Row {row} of column {self._column!r} is no picture; give the name of the column "
                f"of pictures as image_column."
            )
        picture: NDArray[np.uint8] = np.require(found, np.uint8, ["C", "W", "O"])
        if picture.ndim == 2:
            picture = picture[:, :, None]
        if picture.shape[2] == 1:
            return np.repeat(picture, 3, axis=2)
        return picture if picture.shape[2] == 3 else picture[:, :, :3].copy()


def decode_rgb_jpeg(file: bytes) -> NDArray[np.uint8] | None:
    """Decode a JPEG in color.

    Returns:
        A new (H, W, 3) array; ``None`` for gray pictures, for pictures with four color
        channels, and for those with EXIF data, which may declare an orientation.

    Raises:
        ValueError: If the file is damaged.
    """
    try:
        with Image.open(io.BytesIO(file), formats=["JPEG"]) as image:
            if image.mode != "RGB" or "exif" in image.info:
                return None
            return np.array(image)
    except (OSError, SyntaxError) as error:
        raise ValueError("its pixels cannot be decoded") from error


def decode_own_png(file: bytes) -> NDArray[np.uint8] | None:
    """Decode an 8-bit RGB PNG whose rows all have the filter "up".

    Returns:
        A new (H, W, 3) array; ``None`` for a file of any other kind.

    Raises:
        ValueError: If the file is damaged.
    """
    if len(file) < _HEADER_BYTES or file[:8] != PNG_SIGNATURE:
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
        # A single part needs no joining, so it is not copied.
        pixels = isal_zlib.decompress(
            parts[0] if len(parts) == 1 else b"".join(parts), bufsize=height * (3 * width + 1)
        )
    except _InflateError as error:
        raise ValueError("its pixels cannot be inflated") from error
    if len(pixels) != height * (3 * width + 1):
        raise ValueError("pixels are missing")
    rows = np.frombuffer(pixels, dtype=np.uint8).reshape(height, 3 * width + 1)
    if not (rows[:, 0] == UP_FILTER).all():
        return None
    picture = np.empty((height, 3 * width), dtype=np.uint8)
    picture[0] = rows[0, 1:]
    # Adding row by row is several times faster than numpy's accumulate along the first axis.
    for number in range(1, height):
        np.add(picture[number - 1], rows[number, 1:], out=picture[number])
    return picture.reshape(height, width, 3)
