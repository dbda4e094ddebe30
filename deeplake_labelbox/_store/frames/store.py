"""The protocols of frame stores, which prepare and append rows, and read their pixels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Literal,
    Protocol,
    TypeAlias,
    TypeVar,
    runtime_checkable,
)

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


SectionTasks: TypeAlias = Literal["prepare", "decode"]


class PreparedFrames(Protocol):
    """Frames of a video that are appended together; they can be pickled."""

    @property
    def indices(self) -> NDArray[np.int32]:
        """(N,) int32, 0-based, in the order in which the decoder emits frames."""

    def __len__(self) -> int:
        """Number of frames."""


B = TypeVar("B", bound=PreparedFrames)


class FrameReader(Protocol):
    """Reads frames from one storage."""

    def read(self, dataset: Readable, rows: Sequence[int]) -> Iterator[Frame]:
        """Yield the frames of rows in the given order, each as a new array.

        Raises:
            DatasetError: If a frame is missing, or cannot be read or decoded.
        """


@runtime_checkable
class FileReader(Protocol):
    """A `FrameReader` of a storage with picture files."""

    def files(self, dataset: Readable, rows: Sequence[int]) -> Iterator[bytes | None]:
        """Yield the stored PNG or JPEG file of each row; ``None`` if there is none.

        Raises:
            DatasetError: If Deep Lake cannot read the files.
        """


@runtime_checkable
class SpanReader(Protocol):
    """A `FrameReader` of a storage where decoding a frame needs the frames before it."""

    def spans(self, dataset: Readable, rows: Sequence[int]) -> NDArray[np.int64]:
        """Return a number for each row, the same for rows whose decoding starts at one frame.

        Returns:
            (N,) int64: the number of each row's span, unique across videos.
        """


class FrameStore(Protocol[B]):
    """Stores the frames of videos as rows.

    It can be pickled, so that `prepare` can run in another process or on another machine.

    Attributes:
        columns: The columns that it writes; empty if unknown.
        keeps_size: Whether frames are stored in the size of their video, and cannot be scaled.
        section_tasks: What the tasks of a long video's sections do (`OpenedVideo.restrict`).
            ``"prepare"``: each prepares the rows of its section. ``"decode"``: each only decodes
            its section (`OpenedVideo.frames`), and then one task prepares all rows. ``None``: one
            task does everything.
        options: The options that the metadata of a dataset records.
    """

    columns: ClassVar[tuple[str, ...]]
    keeps_size: ClassVar[bool]

    @property
    def section_tasks(self) -> SectionTasks | None: ...

    @property
    def options(self) -> Mapping[str, Any]: ...

    def create_columns(self, dataset: deeplake.Dataset) -> None:
        """Add the columns to a new dataset."""

    def prepare(self, video: OpenedVideo, wanted: WantedFrames) -> Iterator[B]:
        """Prepare the wanted frames of a video for `append`.

        Sets `OpenedVideo.frame_count` and `OpenedVideo.sizes`.

        Raises:
            VideoError: After the last good frame, if the video is incomplete.
        """

    def size_of(self, batch: B) -> int:
        """Return the minimum bytes that Deep Lake stores for a batch; 0 if unknown."""

    def append(self, dataset: deeplake.Dataset, entry: VideoEntry, batch: B) -> VideoEntry:
        """Append one row per frame.

        Args:
            dataset: The dataset.
            entry: The entry of the video in its metadata.
            batch: Frames from `prepare`, or from `RecordedStore.transfer`.

        Returns:
            The entry with the data that the store needs to find the frames, and with warnings.
        """

    def publish(self, dataset: deeplake.Dataset, meta: LabelboxMeta) -> None:
        """Commit the data outside the rows; called before the rows are committed.

        Args:
            dataset: The dataset.
            meta: Its new metadata; data that no entry refers to is deleted.
        """

    def discard(self) -> None:
        """Roll back what was not published."""


class RowsAlone:
    """Base class of stores that write only rows."""

    keeps_size: ClassVar[bool] = False
    section_tasks: ClassVar[SectionTasks | None] = "prepare"

    def publish(self, dataset: deeplake.Dataset, meta: LabelboxMeta) -> None:
        """Do nothing: everything is in the rows."""

    def discard(self) -> None:
        """Do nothing: everything is in the rows."""


class RecordedStore(FrameStore[B], Protocol[B]):
    """A store that the user chooses by name, and that metadata records."""

    def __init__(self, storage: StorageOptions, batch_size: int) -> None: ...

    def transfer(
        self,
        frames: Frames,
        entry: VideoEntry,
        rows: NDArray[np.int64],
        indices: NDArray[np.int32],
        timestamps: NDArray[np.float64],
    ) -> Iterator[B]:
        """Prepare frames of one video in another dataset for `append`.

        Args:
            frames: The frames of the other dataset.
            entry: The entry of the video in the metadata.
            rows: (N,) rows of the frames in the other dataset.
            indices: (N,) numbers of the frames, ascending.
            timestamps: (N,) seconds from the first frame.

        Raises:
            ConfigurationError: If this store cannot store these frames.
        """

    @staticmethod
    def reader(dataset: Readable, column: str) -> FrameReader:
        """Return a reader of the frames of a dataset.

        Args:
            dataset: The dataset.
            column: The column of pictures; ignored by storages without one.

        Raises:
            ConfigurationError: If there is no such column.
        """
