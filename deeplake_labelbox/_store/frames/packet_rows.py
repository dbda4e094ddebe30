"""The dataset ``<path>/videos``, nested in another dataset; its rows are packets of videos.

Each row stores a group of packets: a group of pictures, or about 1 MiB of one. A group with a
larger packet takes several rows. A recording is the packets that one run read of a video. The row
after its groups stores its index, which is needed to decode them (`PacketIndex`).

A recording that an entry refers to (`VideoEntry.recordings`) is never changed or deleted, because
earlier versions and other branches of the outer dataset may need it. Recordings that no entry
refers to are deleted: a killed run left them, or they had no more frames than an earlier one.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any, Final

import deeplake
import numpy as np
from deeplake import types
from numpy.typing import NDArray

from deeplake_labelbox._store.cells import read_numbers
from deeplake_labelbox._store.location import DatasetLocation, dataset_errors
from deeplake_labelbox._store.resume import delete_rows
from deeplake_labelbox._store.source import DatasetSource
from deeplake_labelbox.errors import ConfigurationError, DatasetError

# Deep Lake 4.7.4 needs twice the memory of a cell to write it, and also reads neighboring cells.
_CELL_BYTES: Final = 1 << 20
# The group number of an index.
_INDEX: Final = -1
# Maximum bytes of recently read groups to keep.
_KEPT_BYTES: Final = 32 << 20


def create_packet_rows(outer: deeplake.Dataset) -> None:
    """Create the empty dataset of packets in a new dataset.

    Raises:
        ConfigurationError: If the path is in Deep Lake's own cloud.
        DatasetError: If Deep Lake fails.
    """
    location = DatasetLocation.of_dataset(outer)
    if location.path.startswith("al://"):
        raise ConfigurationError(
            "Deep Lake's own cloud holds no dataset inside of another one, which the packets of "
            "videos need; make the dataset at another path, or store frames as png or jpg."
        )
    dataset = location.nested.create()
    with dataset_errors(f"creating the columns of {location.nested}"):
        dataset.add_column("data_row_id", types.Text())
        dataset.add_column("recording", types.Int64())
        dataset.add_column("group", types.Int32())
        dataset.add_column("packets", types.Bytes())
        dataset.commit("Create the dataset of packets")


class PacketWriter:
    """Adds recordings; only `publish` commits them.

    Args:
        outer: The dataset of the frames.
    """

    def __init__(self, outer: deeplake.Dataset) -> None:
        self._pid = os.getpid()  # set first: `__del__` also runs if opening fails
        self._location = DatasetLocation.of_dataset(outer)
        self._dataset = self._location.nested.open()
        # All rows before this one are needed.
        self._checked = 0

    @property
    def is_new(self) -> bool:
        """Whether nothing was published yet; `publish` then also checks rows of earlier runs."""
        return not self._checked

    def append(
        self,
        data_row_id: str,
        recording: int,
        groups: Sequence[tuple[int, bytes]],
        index: bytes | None,
    ) -> None:
        """Append groups of a recording.

        Args:
            data_row_id: The data row of the video.
            recording: Number of the recording.
            groups: The number and the concatenated packets of each group.
            index: The index of all groups, only with the last of them.
        """
        last = [] if index is None else [(_INDEX, index)]
        cells = [(number, cell) for number, data in (*groups, *last) for cell in _cells(data)]
        if cells:
            with dataset_errors(f"appending packets to {self._location.nested}"):
                self._dataset.append(
                    {
                        "data_row_id": [data_row_id] * len(cells),
                        "recording": np.full(len(cells), recording, np.int64),
                        "group": np.array([number for number, _ in cells], np.int32),
                        "packets": [cell for _, cell in cells],
                    }
                )

    def publish(self, needed: Collection[int]) -> None:
        """Delete unneeded recordings, and commit; call it before the rows are committed.

        Args:
            needed: The recordings that any version or branch of the outer dataset refers to, and
                those that the next commit will refer to.
        """
        with dataset_errors(f"committing packets to {self._location.nested}"):
            unchecked = np.asarray(self._dataset["recording"][self._checked :], np.int64)
            unneeded = np.flatnonzero(~np.isin(unchecked, list(needed)))
            delete_rows(self._dataset, self._checked + unneeded)
            if len(unchecked):
                self._dataset.commit("Add packets")
            self._checked = len(self._dataset)

    def discard(self) -> None:
        """Roll back what was not published."""
        self._dataset.rollback()

    def __del__(self) -> None:
        """Roll back what was not published; otherwise Deep Lake would commit it here."""
        if os.getpid() == self._pid:
            with suppress(Exception):  # nothing can handle the error here
                self.discard()


class PacketRows:
    """Reads recordings from any process or thread.

    Args:
        location: Where the dataset of packets is.

    Raises:
        DatasetError: If it does not exist.
    """

    def __init__(self, location: DatasetLocation) -> None:
        if not location.exists():
            raise DatasetError(
                f"The packets of the videos are missing: there is no dataset at {location}. Copy "
                f"a dataset with LabeledDataset.copy or deeplake.copy; of one in memory, copy "
                f"{location} as well."
            )
        self._source = DatasetSource(location.open_to_read())
        self._places: tuple[NDArray[np.int64], ...] | None = None
        self._kept: dict[tuple[int, int], bytes] = {}

    def __contains__(self, recording: int) -> bool:
        """Whether the index of a recording is stored."""
        return len(self._rows(recording, _INDEX)) > 0

    def index(self, recording: int) -> bytes:
        """Return the index of a recording.

        Raises:
            DatasetError: If it is missing, or Deep Lake cannot read it.
        """
        return self.group(recording, _INDEX)

    def group(self, recording: int, number: int) -> bytes:
        """Return the concatenated packets of a group.

        Raises:
            DatasetError: If it is missing, or Deep Lake cannot read it.
        """
        kept = self._kept.get((recording, number))
        return self._read([(recording, number)])[0] if kept is None else kept

    def keep(self, groups: Sequence[tuple[int, int]]) -> None:
        """Read the groups that are needed next in one request; they replace the kept groups.

        Args:
            groups: Recording and number of each; groups beyond the memory limit are not read.
        """
        size = np.cumsum([len(self._rows(*group)) for group in groups]) * _CELL_BYTES
        wanted = list(groups[: int(np.searchsorted(size, _KEPT_BYTES, "right"))])
        kept = self._kept  # other threads may replace it
        found = {group: kept[group] for group in wanted if group in kept}
        new = [group for group in wanted if group not in found]
        if len(new) > 1:
            self._kept = found | dict(zip(new, self._read(new), strict=True))

    def _read(self, groups: Sequence[tuple[int, int]]) -> list[bytes]:
        rows = [self._rows(*group) for group in groups]
        if not all(map(len, rows)):
            raise DatasetError("Packets of a video are missing; make the dataset again.")
        with dataset_errors("reading packets"):
            column: Any = self._source.dataset["packets"]
            cells = iter(column[np.concatenate(rows).tolist()])
        return [b"".join(islice(cells, len(each))) for each in rows]

    def _rows(self, recording: int, number: int) -> NDArray[np.int64]:
        """Return the rows of a group, in the order of its packets."""
        if self._places is None:
            self._places = self._read_places()
        recordings, groups, rows = self._places
        first, end = np.searchsorted(recordings, [recording, recording + 1])
        found, last = np.searchsorted(groups[first:end], [number, number + 1])
        return rows[first + found : first + last]

    def _read_places(self) -> tuple[NDArray[np.int64], ...]:
        """Return recording, group and number of each row, sorted by recording and group."""
        dataset = self._source.dataset
        with dataset_errors("reading which packets there are"):
            recordings, groups = (read_numbers(dataset, name) for name in ("recording", "group"))
        order = np.lexsort((groups, recordings))  # stable: the cells of a group stay in order
        return recordings[order], groups[order], order

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_kept": {}}


def _cells(packets: bytes) -> Iterator[bytes]:
    for start in range(0, len(packets), _CELL_BYTES):
        yield packets[start : start + _CELL_BYTES]
