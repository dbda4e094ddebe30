"""How frames are written: the base columns, or what a data filler of the user writes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self, TypedDict, TypeVar, cast

import deeplake
import numpy as np
from deeplake import types
from numpy.typing import NDArray

from deeplake_labelbox._store.appending import append_rows
from deeplake_labelbox._store.columns import ReadableDataset, column_names
from deeplake_labelbox._store.location import dataset_errors
from deeplake_labelbox._video.container import VideoInfo
from deeplake_labelbox._video.encoder import FrameEncoder, FrameStorage, subsampling_of
from deeplake_labelbox._video.extractor import FrameBatch
from deeplake_labelbox._video.prefetch import grouped
from deeplake_labelbox.errors import ConfigurationError, DatasetError

# Files that are appended at a time, in bytes.
_FILE_BYTES = 16 << 20

BASE_COLUMNS = ("frames", "frame_idx", "video_idx", "timestamp")


class DataFiller(TypedDict):
    """Functions of the user that make the columns and fill them.

    ``create_tensors(ds)`` adds the columns. ``fill_data(ds, video_indices, frame_indices,
    frames)`` appends one row per frame, in this order; ``frames`` are (H, W, 3) uint8 arrays,
    ``frame_indices`` count from 0, and ``video_indices`` repeat the number of the video.
    """

    create_tensors: Callable[[Any], object]
    fill_data: Callable[[Any, list[int], list[int], list[NDArray[np.uint8]]], object]


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


class BaseColumnsWriter:
    """Writes ``frames``, ``frame_idx``, ``video_idx`` and ``timestamp``.

    Frames are encoded on all cores and handed to Deep Lake as files, which it stores as they are.

    Args:
        storage: ``"png"`` (lossless) or ``"jpg"``.
        jpeg_quality: 1 to 100; only for ``"jpg"``.
        batch_size: Rows appended at a time, at most.
    """

    batch_bytes = 8 << 20

    def __init__(
        self, storage: FrameStorage = "png", *, jpeg_quality: int = 95, batch_size: int = 100
    ) -> None:
        self._storage = storage
        self.padded = storage == "jpg"
        self.options: Mapping[str, Any] = {}
        if self.padded:
            self.options = {"frame_storage": "jpg", "jpeg_quality": jpeg_quality}
        self._encoder = FrameEncoder(storage, jpeg_quality=jpeg_quality)
        self._batch_size = batch_size

    def create_columns(self, dataset: deeplake.Dataset) -> None:
        """Add the base columns."""
        dataset.add_column("frames", types.Image(sample_compression=self._storage))
        dataset.add_column("frame_idx", types.Int32())
        dataset.add_column("video_idx", types.Int32())
        dataset.add_column("timestamp", types.Float64())

    def prepare(self, batches: Iterable[FrameBatch], info: VideoInfo) -> Iterator[EncodedBatch]:
        """Encode the frames."""
        places: deque[tuple[int, float]] = deque()

        def frames() -> Iterator[NDArray[np.uint8]]:
            for batch in batches:
                places.extend(zip(batch.indices, batch.timestamps, strict=True))
                yield from batch.frames

        encoded = self._encoder.encode(frames(), subsampling=subsampling_of(info))
        files = ((file, *places.popleft()) for file in encoded)
        for group in grouped(
            files, lambda item: len(item[0]), max_size=_FILE_BYTES, max_count=self._batch_size
        ):
            yield EncodedBatch(
                files=[file for file, _, _ in group],
                indices=np.array([index for _, index, _ in group], dtype=np.int32),
                timestamps=np.array([seconds for _, _, seconds in group], dtype=np.float64),
            )

    def append(self, dataset: deeplake.Dataset, video_idx: int, batch: EncodedBatch) -> None:
        """Append one row per frame."""
        columns: dict[str, Sequence[Any] | NDArray[Any]] = {
            "frames": batch.files,
            "frame_idx": batch.indices,
            "video_idx": np.full(len(batch), video_idx, dtype=np.int32),
            "timestamp": batch.timestamps,
        }
        with dataset_errors(f"appending frames of video {video_idx}"):
            append_rows(dataset, columns)

    def __enter__(self) -> Self:
        """Start what writing needs."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the threads of the encoder."""
        self._encoder.close()


class FillerWriter:
    """Writes frames through the functions of a user's data filler.

    Args:
        data_filler: See `DataFiller`.

    Raises:
        ConfigurationError: If one of the two functions is missing.
    """

    batch_bytes = 64 << 20
    padded = False
    options: Mapping[str, Any] = {}

    def __init__(self, data_filler: Mapping[str, Callable[..., object]]) -> None:
        for key in ("create_tensors", "fill_data"):
            if not callable(data_filler.get(key)):
                raise ConfigurationError(
                    f"data_filler has no function {key!r}; it needs create_tensors(ds) and "
                    f"fill_data(ds, video_indices, frame_indices, frames)."
                )
        self._filler = cast("DataFiller", data_filler)

    def create_columns(self, dataset: deeplake.Dataset) -> None:
        """Call ``create_tensors``."""
        with dataset_errors("creating the columns of data_filler", of_deep_lake_alone=True):
            self._filler["create_tensors"](FillableDataset(dataset))

    def prepare(self, batches: Iterable[FrameBatch], info: VideoInfo) -> Iterator[FrameBatch]:  # noqa: ARG002 - the face of `FrameWriter`
        """Pass the frames on as they are."""
        yield from batches

    def append(self, dataset: deeplake.Dataset, video_idx: int, batch: FrameBatch) -> None:
        """Call ``fill_data`` and check that it appended a row per frame.

        Raises:
            DatasetError: If it appended another number of rows, and so frames and rows cannot be
                told to belong together.
        """
        before = len(dataset)
        indices = [int(index) for index in batch.indices]
        with dataset_errors(f"in fill_data of video {video_idx}", of_deep_lake_alone=True):
            self._filler["fill_data"](
                FillableDataset(dataset), [video_idx] * len(batch), indices, batch.frames
            )
        added = len(dataset) - before
        if added != len(batch):
            raise DatasetError(
                f"fill_data appended {added} rows for {len(batch)} frames of video {video_idx} "
                f"(from frame {indices[0]} on); append exactly one row per frame."
            )

    def __enter__(self) -> Self:
        """Nothing to start."""
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to release."""


class FillableDataset:
    """A dataset as data fillers know it: a `deeplake.Dataset` with ``extend``.

    Fillers written for `deeplake.integrations.labelbox` call ``create_tensor(name, **type)`` and
    ``extend(names, values)``; everything else goes to the dataset itself.
    """

    def __init__(self, dataset: deeplake.Dataset) -> None:
        self.ds = dataset

    def create_tensor(self, name: str, **kwargs: Any) -> None:
        """Add a column; the same as ``add_column``."""
        self.add_column(name, **kwargs)

    def add_column(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Add a column."""
        with dataset_errors(f"adding the column {name!r} of data_filler"):
            self.ds.add_column(name, *args, **kwargs)

    def append(self, rows: dict[str, Any] | list[dict[str, Any]]) -> None:
        """Append rows; columns of labels that are there already stay empty."""
        with dataset_errors("appending the rows of data_filler"):
            if isinstance(rows, dict):
                append_rows(self.ds, rows)
            else:
                self.ds.append(rows)

    def extend(self, tensors: Sequence[str], values: Iterable[Sequence[Any]]) -> None:
        """Append rows: for each column in ``tensors``, its values."""
        self.append(dict(zip(tensors, values, strict=True)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ds, name)

    def __getitem__(self, key: Any) -> Any:
        return self.ds[key]

    def __len__(self) -> int:
        return len(self.ds)


def has_identity_columns(dataset: ReadableDataset) -> bool:
    """Whether rows tell their video and frame."""
    return {"video_idx", "frame_idx"} <= set(column_names(dataset))
