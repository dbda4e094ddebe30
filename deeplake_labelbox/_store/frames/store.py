"""The protocol of what stores frames: it prepares and appends rows, and reads their pixels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self, TypeVar, runtime_checkable

import deeplake
import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._store.cells import Readable
from deeplake_labelbox._store.frames.registry import StorageOptions
from deeplake_labelbox._store.labelbox_meta import LabelboxMeta, VideoEntry
from deeplake_labelbox._video.opened import OpenedVideo, WantedFrames

if TYPE_CHECKING:
    from deeplake_labelbox._store.frames.sequence import Frames

Frame = NDArray[np.uint8]
"""(H, W, 3) uint8 RGB, as displayed."""


class PreparedFrames(Protocol):
    """Frames of a video that become rows together; it can be pickled."""

    @property
    def indices(self) -> NDArray[np.int32]:
        """(N,) int32, 0-based, in the order in which the decoder emits frames."""

    def __len__(self) -> int:
        """How many frames."""


B = TypeVar("B", bound=PreparedFrames)


class FrameReader(Protocol):
    """Reads frames of one storage."""

    def read(self, dataset: Readable, rows: Sequence[int]) -> Iterator[Frame]:
        """Yield the frames of rows, in their order, each a new array.

        Raises:
            DatasetError: If a frame is missing, or cannot be read or decoded.
        """


@runtime_checkable
class FileReader(Protocol):
    """A `FrameReader` of a storage that holds picture files."""

    def files(self, dataset: Readable, rows: Sequence[int]) -> Iterator[bytes | None]:
        """Yield the PNG or JPEG file of each row as it is stored; ``None`` where there is none.

        Raises:
            DatasetError: If Deep Lake cannot read.
        """


@runtime_checkable
class SpanReader(Protocol):
    """A `FrameReader` of a storage in which a frame is decoded from the frames before it."""

    def spans(self, dataset: Readable, rows: Sequence[int]) -> NDArray[np.int64]:
        """Tell which rows are decoded from the same frame on.

        Returns:
            (N,) int64; rows of one span have one number, which no span of another video has.
        """


class FrameStore(Protocol[B]):
    """Stores the frames of videos as rows.

    It can be pickled for another thread, process or machine, which calls `prepare`.

    Attributes:
        columns: The columns that it writes, where it can tell.
        keeps_size: Whether frames are stored in the size of their video, and cannot be scaled.
        options: What the metadata of a dataset records of it.
    """

    columns: ClassVar[tuple[str, ...]]
    keeps_size: ClassVar[bool]

    @property
    def options(self) -> Mapping[str, Any]: ...

    def create_columns(self, dataset: deeplake.Dataset) -> None:
        """Add the columns to a new dataset."""

    def prepare(self, video: OpenedVideo, wanted: WantedFrames) -> Iterator[B]:
        """Make what is appended of the wanted frames of a video.

        Sets `OpenedVideo.frame_count` and `OpenedVideo.sizes`.

        Raises:
            VideoError: After the last good frame, if the video is not whole.
        """

    def size_of(self, batch: B) -> int:
        """How many bytes Deep Lake stores of it at least; 0 if unknown."""

    def append(self, dataset: deeplake.Dataset, entry: VideoEntry, batch: B) -> VideoEntry:
        """Append one row per frame.

        Args:
            dataset: The dataset.
            entry: What it knows of the video.
            batch: What `prepare` made.

        Returns:
            The entry, with what the store needs to find again, and what is odd.
        """

    def transfer(
        self,
        frames: Frames,
        entry: VideoEntry,
        rows: NDArray[np.int64],
        indices: NDArray[np.int32],
        timestamps: NDArray[np.float64],
    ) -> Iterator[B]:
        """Make what is appended of frames of another dataset, all of one video.

        Args:
            frames: The frames of the other dataset.
            entry: What is known of the video.
            rows: (N,) rows there.
            indices: (N,) numbers of the frames, ascending.
            timestamps: (N,) seconds from the first frame.

        Raises:
            ConfigurationError: If frames cannot be stored so.
        """

    def publish(self, dataset: deeplake.Dataset, meta: LabelboxMeta) -> None:
        """Commit what is stored elsewhere than in the rows; called before these are committed.

        Args:
            dataset: The dataset.
            meta: What it will know of its project; what no entry refers to is deleted.
        """

    def discard(self) -> None:
        """Take back what was not published."""

    @staticmethod
    def reader(dataset: Readable, column: str) -> FrameReader:
        """Make what reads the frames of a dataset.

        Args:
            dataset: The dataset.
            column: The column of pictures, for storages that have one.

        Raises:
            ConfigurationError: If there is no such column.
        """


class RowsAlone:
    """A part of stores that write nothing but rows."""

    keeps_size: ClassVar[bool] = False

    def publish(self, dataset: deeplake.Dataset, meta: LabelboxMeta) -> None:
        """Nothing stands elsewhere."""

    def discard(self) -> None:
        """Nothing stands elsewhere."""


class RecordedStore(FrameStore[B], Protocol[B]):
    """A store that metadata records, so that it can be made again."""

    @classmethod
    def of(cls, options: StorageOptions, *, batch_size: int) -> Self:
        """Make the store by what a user chose, or by what metadata recorded."""
