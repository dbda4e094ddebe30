"""Store frames in the user's own columns, which a data filler creates and fills."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, TypedDict, cast

import deeplake
import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._counts import counted
from deeplake_labelbox._store.appending import append_rows
from deeplake_labelbox._store.frames.store import RowsAlone
from deeplake_labelbox._store.labelbox_meta import VideoEntry
from deeplake_labelbox._store.location import dataset_errors
from deeplake_labelbox._video.opened import FrameBatch, OpenedVideo, WantedFrames
from deeplake_labelbox.errors import ConfigurationError, DatasetError


class DataFiller(TypedDict):
    """The user's functions that create the columns and fill them.

    ``create_tensors(ds)`` adds the columns. ``fill_data(ds, video_indices, frame_indices,
    frames)`` appends one row per frame, in this order; ``frames`` are (H, W, 3) uint8 arrays,
    ``frame_indices`` count from 0, and ``video_indices`` repeat the number of the video.
    """

    create_tensors: Callable[[Any], object]
    fill_data: Callable[[Any, list[int], list[int], list[NDArray[np.uint8]]], object]


class FillerStore(RowsAlone):
    """Stores frames through the functions of a user's data filler.

    The functions are not pickled: a copy in another process only prepares frames.

    Args:
        data_filler: See `DataFiller`.

    Raises:
        ConfigurationError: If one of the two functions is missing.
    """

    columns: ClassVar[tuple[str, ...]] = ()
    options: Mapping[str, Any] = {}

    def __init__(self, data_filler: Mapping[str, Callable[..., object]]) -> None:
        for key in ("create_tensors", "fill_data"):
            if not callable(data_filler.get(key)):
                raise ConfigurationError(
                    f"data_filler has no function {key!r}; it needs create_tensors(ds) and "
                    f"fill_data(ds, video_indices, frame_indices, frames)."
                )
        self._filler = cast("DataFiller", data_filler)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the functions, which often cannot be pickled."""
        return {}

    def create_columns(self, dataset: deeplake.Dataset) -> None:
        """Call ``create_tensors``."""
        with dataset_errors("creating the columns of data_filler", of_deep_lake_alone=True):
            self._filler["create_tensors"](FillableDataset(dataset))

    def prepare(self, video: OpenedVideo, wanted: WantedFrames) -> Iterator[FrameBatch]:
        """Decode the frames."""
        return video.decode(wanted)

    def size_of(self, batch: FrameBatch) -> int:  # noqa: ARG002 - the protocol of `FrameStore`
        """Return 0: the size is unknown."""
        return 0

    def append(self, dataset: deeplake.Dataset, entry: VideoEntry, batch: FrameBatch) -> VideoEntry:
        """Call ``fill_data`` and check that it appended a row per frame.

        Raises:
            DatasetError: If it appended a different number of rows, so that frames cannot be
                matched with rows.
        """
        before, video_idx = len(dataset), entry.video_idx
        indices = [int(index) for index in batch.indices]
        with dataset_errors(f"in fill_data of video {video_idx}", of_deep_lake_alone=True):
            self._filler["fill_data"](
                FillableDataset(dataset), [video_idx] * len(batch), indices, batch.frames
            )
        added = len(dataset) - before
        if added != len(batch):
            raise DatasetError(
                f"fill_data appended {counted(added, 'row')} for {counted(len(batch), 'frame')} "
                f"of video {video_idx} (from frame {indices[0]} on); append exactly one row "
                f"per frame."
            )
        return entry


class FillableDataset:
    """A `deeplake.Dataset` with the methods that data fillers call.

    Fillers written for `deeplake.integrations.labelbox` call ``create_tensor(name, **type)`` and
    ``extend(names, values)``; everything else is passed to the dataset.
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
        """Append rows; label columns that exist already stay empty."""
        with dataset_errors("appending the rows of data_filler"):
            if isinstance(rows, dict):
                append_rows(self.ds, rows)
            else:
                self.ds.append(rows)

    def extend(self, tensors: Sequence[str], values: Iterable[Sequence[Any]]) -> None:
        """Append rows, given the names of columns and the values of each."""
        self.append(dict(zip(tensors, values, strict=True)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ds, name)

    def __getitem__(self, key: Any) -> Any:
        return self.ds[key]

    def __len__(self) -> int:
        return len(self.ds)
