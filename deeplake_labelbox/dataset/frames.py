"""How frames are written: the base columns, or what a data filler of the user writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Protocol, Self, TypedDict, cast

import deeplake
import numpy as np
from deeplake import types
from numpy.typing import NDArray

from deeplake_labelbox.dataset.columns import column_names
from deeplake_labelbox.errors import ConfigurationError, DatasetError
from deeplake_labelbox.video import FrameBatch
from deeplake_labelbox.video.encoder import FrameEncoder, FrameStorage

BASE_COLUMNS = ("frames", "frame_idx", "video_idx", "timestamp")


class DataFiller(TypedDict):
    """Functions of the user that make the columns and fill them.

    ``create_tensors(ds)`` adds the columns. ``fill_data(ds, video_indices, frame_indices,
    frames)`` appends one row per frame, in this order; ``frames`` are (H, W, 3) uint8 arrays,
    ``frame_indices`` count from 0, and ``video_indices`` repeat the number of the video.
    """

    create_tensors: Callable[[Any], object]
    fill_data: Callable[[Any, list[int], list[int], list[NDArray[np.uint8]]], object]


class FrameWriter(Protocol):
    """Writes the frames of a video as rows."""

    def create_columns(self, dataset: deeplake.Dataset) -> None:
        """Add the columns to a new dataset."""

    def write(self, dataset: deeplake.Dataset, video_idx: int, batch: FrameBatch) -> None:
        """Append one row per frame."""

    def __enter__(self) -> Self:
        """Start what writing needs."""

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Release it."""


class BaseColumnsWriter:
    """Writes ``frames``, ``frame_idx``, ``video_idx`` and ``timestamp``.

    Frames are encoded on all cores and handed to Deep Lake as files, which it stores as they are.

    Args:
        storage: ``"png"`` (lossless) or ``"jpg"``.
        jpeg_quality: 1 to 100; only for ``"jpg"``.
    """

    def __init__(self, storage: FrameStorage = "png", *, jpeg_quality: int = 95) -> None:
        self._storage = storage
        self._encoder = FrameEncoder(storage, jpeg_quality=jpeg_quality)

    def create_columns(self, dataset: deeplake.Dataset) -> None:
        """Add the base columns."""
        dataset.add_column("frames", types.Image(sample_compression=self._storage))
        dataset.add_column("frame_idx", types.Int32())
        dataset.add_column("video_idx", types.Int32())
        dataset.add_column("timestamp", types.Float64())

    def write(self, dataset: deeplake.Dataset, video_idx: int, batch: FrameBatch) -> None:
        """Append one row per frame."""
        dataset.append(
            {
                "frames": list(self._encoder.encode(batch.frames)),
                "frame_idx": batch.indices,
                "video_idx": np.full(len(batch), video_idx, dtype=np.int32),
                "timestamp": batch.timestamps,
            }
        )

    def __enter__(self) -> Self:
        """Start what writing needs."""
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the threads of the encoder."""
        self._encoder.close()


class FillerWriter:
    """Writes frames through the functions of a user's data filler.

    Args:
        data_filler: See `DataFiller`.

    Raises:
        ConfigurationError: If one of the two functions is missing.
    """

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
        self._filler["create_tensors"](FillableDataset(dataset))

    def write(self, dataset: deeplake.Dataset, video_idx: int, batch: FrameBatch) -> None:
        """Call ``fill_data`` and check that it appended a row per frame.

        Raises:
            DatasetError: If it appended another number of rows, and so frames and rows cannot be
                told to belong together.
        """
        before = len(dataset)
        indices = [int(index) for index in batch.indices]
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

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
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
        self.ds.add_column(name, **kwargs)

    def extend(self, tensors: Sequence[str], values: Iterable[Sequence[Any]]) -> None:
        """Append rows: for each column in ``tensors``, its values."""
        self.ds.append(dict(zip(tensors, values, strict=True)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ds, name)

    def __getitem__(self, key: Any) -> Any:
        return self.ds[key]

    def __len__(self) -> int:
        return len(self.ds)


def has_identity_columns(dataset: deeplake.Dataset) -> bool:
    """Whether rows tell their video and frame."""
    return {"video_idx", "frame_idx"} <= set(column_names(dataset))
