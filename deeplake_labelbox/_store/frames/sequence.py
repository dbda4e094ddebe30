"""The frames of a dataset as pixels, however they are stored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import Final, overload

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from deeplake_labelbox._counts import counted
from deeplake_labelbox._store.frames.store import FileReader, Frame, FrameReader, SpanReader
from deeplake_labelbox._store.source import DatasetSource
from deeplake_labelbox._video.resize import Resize, resized
from deeplake_labelbox.errors import ConfigurationError

_PICTURES_IN_SPAN: Final = 64


class Frames:
    """A sequence of frames: ``frames[i]``, ``frames[a:b]``, ``frames[[i, j, k]]``.

    Args:
        source: Opens a separate dataset object for each process that reads.
        reader: Reads frames from their storage.
        resize: The size to scale frames to; see `Resize`.

    Attributes:
        reader: See above.
        resize: See above.
    """

    def __init__(
        self, source: DatasetSource, reader: FrameReader, resize: Resize | None = None
    ) -> None:
        self._source = source
        self.reader = reader
        self.resize = resize

    def __len__(self) -> int:
        """Number of rows."""
        return len(self._source.dataset)

    @overload
    def __getitem__(self, rows: int) -> Frame: ...

    @overload
    def __getitem__(self, rows: slice | Sequence[int] | NDArray[np.int64]) -> list[Frame]: ...

    def __getitem__(
        self, rows: int | slice | Sequence[int] | NDArray[np.int64]
    ) -> Frame | list[Frame]:
        """Read one frame, or a list of frames in the order of the rows.

        Raises:
            ConfigurationError: If there is no such row.
            DatasetError: If a frame is missing, or cannot be read or decoded.
        """
        if isinstance(rows, int | np.integer):
            return next(self.read([int(rows)]))
        return list(self.read(range(len(self))[rows] if isinstance(rows, slice) else rows))

    def read(self, rows: Sequence[int] | NDArray[np.int64]) -> Iterator[Frame]:
        """Yield the frames of rows one by one.

        With pictures, one frame at a time is in memory. With packets, up to 128 MiB of frames are
        in memory if the rows are not in the order of their video.

        Raises:
            ConfigurationError: If there is no such row.
            DatasetError: If a frame is missing, or cannot be read or decoded.
        """
        frames = self.reader.read(self._source.dataset, self._checked(rows))
        return frames if self.resize is None else map(self._scaled, frames)

    def files(self, rows: Sequence[int] | NDArray[np.int64]) -> Iterator[bytes | None]:
        """Yield the stored PNG or JPEG files of rows.

        A frame that is scaled or stored in another way yields ``None``; use `read` for its pixels.

        Raises:
            ConfigurationError: If there is no such row.
            DatasetError: If a frame cannot be read.
        """
        checked = self._checked(rows)
        if isinstance(self.reader, FileReader) and self.resize is None:
            return self.reader.files(self._source.dataset, checked)
        return repeat(None, len(checked))

    def spans(self, rows: Sequence[int] | NDArray[np.int64]) -> NDArray[np.int64]:
        """Return a number for each row, the same for rows that are best read together.

        Returns:
            (N,) int64, equal for rows whose decoding starts at the same frame; for pictures, equal
            within each run of 64 rows.

        Raises:
            ConfigurationError: If there is no such row.
            DatasetError: If the storage of a frame cannot be read.
        """
        checked = self._checked(rows)
        if isinstance(self.reader, SpanReader):
            return self.reader.spans(self._source.dataset, checked)
        return np.asarray(checked, np.int64) // _PICTURES_IN_SPAN

    def _checked(self, rows: Sequence[int] | NDArray[np.int64]) -> list[int]:
        count = len(self)
        for row in rows:
            if not -count <= row < count:
                raise ConfigurationError(
                    f"There is no row {row}; the dataset has {counted(count, 'row')}, "
                    f"counted from 0."
                )
        return [int(row) % count for row in rows]

    def _scaled(self, frame: Frame) -> Frame:
        height, width = frame.shape[:2]
        size = resized(width, height, self.resize)
        if size == (width, height):
            return frame
        shrinks = size[0] <= width and size[1] <= height
        how = Image.Resampling.BOX if shrinks else Image.Resampling.BICUBIC
        return np.array(Image.fromarray(frame).resize(size, how))
