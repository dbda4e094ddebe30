"""What writes the frames of videos as rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, Self, TypeVar

import deeplake
import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._video.container import VideoInfo
from deeplake_labelbox._video.extractor import FrameBatch


@dataclass(frozen=True, slots=True, eq=False)
class EncodedBatch:
    """Frames that follow each other, as picture files.

    Attributes:
        files: N PNG or JPEG files.
        indices: (N,) int32, 0-based, in the order in which the decoder emits frames.
        timestamps: (N,) float64 seconds from the first frame.
    """

    files: list[bytes]
    indices: NDArray[np.int32]
    timestamps: NDArray[np.float64]

    def __len__(self) -> int:
        """How many frames."""
        return len(self.files)


B = TypeVar("B", FrameBatch, EncodedBatch)


class FrameWriter(Protocol[B]):
    """Writes the frames of a video as rows.

    Attributes:
        batch_bytes: How many bytes of pixels it takes at a time.
        padded: Whether it takes pixels of four bytes; see `FrameExtractor`.
        options: How it stores frames, as far as it is not the default.
    """

    batch_bytes: int
    padded: bool
    options: Mapping[str, Any]

    def create_columns(self, dataset: deeplake.Dataset) -> None:
        """Add the columns to a new dataset."""

    def prepare(self, batches: Iterable[FrameBatch], info: VideoInfo) -> Iterator[B]:
        """Make of decoded frames what is appended; runs beside `append`, in another thread."""

    def append(self, dataset: deeplake.Dataset, video_idx: int, batch: B) -> None:
        """Append one row per frame."""

    def __enter__(self) -> Self:
        """Start what writing needs."""

    def __exit__(self, *_: object) -> None:
        """Release it."""
