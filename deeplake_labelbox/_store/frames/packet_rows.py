"""The dataset ``<path>/videos``: packets of videos, as rows of a dataset inside of another one.

A row holds a group of packets: a group of pictures, or a part of it of about a mebibyte; a group
of a larger packet has several rows. Behind the groups of a recording, which is what was read of a
video at one time, there is a row of its index, which tells how to decode them (`PacketIndex`).

What the entries of videos refer to (`VideoEntry.recordings`) is never changed or deleted: earlier
versions and other branches of the outer dataset may need it. Recordings that nobody refers to were
left by a run that was killed, or had no more frames than an earlier one; they are deleted.
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

from deeplake_labelbox._store.location import DatasetLocation, dataset_errors
from deeplake_labelbox._store.resume import delete_rows
from deeplake_labelbox._store.source import DatasetSource
from deeplake_labelbox.errors import ConfigurationError, DatasetError

# Deep Lake 4.7.4 takes twice the memory of a cell to write it, and reads neighbors along.
_CELL_BYTES: Final = 1 << 20
# The number of the group that an index stands under.
_INDEX: Final = -1
# Groups that were read lately, together.
_KEPT_BYTES: Final = 32 << 20


def create_packet_rows(outer: deeplake.Dataset) -> None:
    """Create the empty dataset inside of a new one.

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
    """Adds recordings; nothing of them is published before `publish`.

    Args:
        outer: The dataset whose frames they are.
    """

    def __init__(self, outer: deeplake.Dataset) -> None:
        self._pid = os.getpid()  # first: `__del__` comes also where opening fails
        self._location = DatasetLocation.of_dataset(outer)
        self._dataset = self._location.nested.open()
        # Rows before this one are known to be needed.
        self._checked = 0

    @property
    def is_new(self) -> bool:
        """Whether nothing was published yet, so that what others left is looked for."""
        return not self._checked

    def append(self, data_row_id: str, recording: int, groups: Sequence[tuple[int, bytes]]) -> None:
        """Append groups of a recording: the number of each, and its packets joined."""
        cells = [(number, cell) for number, packets in groups for cell in _cells(packets)]
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

    def append_index(self, data_row_id: str, recording: int, index: bytes) -> None:
        """Append the index of a recording, behind its last group."""
        self.append(data_row_id, recording, [(_INDEX, index)])

    def publish(self, needed: Collection[int]) -> None:
        """Delete recordings that are not needed, and commit; before the frames' rows are.

        Args:
            needed: The recordings that any version or branch of the outer dataset refers to, and
                those that the next commit will.
        """
        with dataset_errors(f"committing packets to {self._location.nested}"):
            unchecked = np.asarray(self._dataset["recording"][self._checked :], np.int64)
            unneeded = np.flatnonzero(~np.isin(unchecked, list(needed)))
            delete_rows(self._dataset, self._checked + unneeded)
            if len(unchecked):
                self._dataset.commit("Add packets")
            self._checked = len(self._dataset)

    def discard(self) -> None:
        """Take back what was not published."""
        self._dataset.rollback()

    def __del__(self) -> None:
        """Take back what was not published, which Deep Lake would publish now."""
        if os.getpid() == self._pid:
            with suppress(Exception):  # there is nobody to tell
                self.discard()


class PacketRows:
    """Reads recordings, in any process and thread.

    Args:
        location: Where the dataset of packets is.

    Raises:
        DatasetError: If there is none.
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
        """Whether there is the index of a recording."""
        return len(self._rows(recording, _INDEX)) > 0

    def index(self, recording: int) -> bytes:
        """The index of a recording.

        Raises:
            DatasetError: If it is not there, or Deep Lake cannot read it.
        """
        return self.group(recording, _INDEX)

    def group(self, recording: int, number: int) -> bytes:
        """The joined packets of a group.

        Raises:
            DatasetError: If it is not there, or Deep Lake cannot read it.
        """
        kept = self._kept.get((recording, number))
        return self._read([(recording, number)])[0] if kept is None else kept

    def keep(self, groups: Sequence[tuple[int, int]]) -> None:
        """Read groups at once that are asked for next, in the place of those that were kept.

        Args:
            groups: Recording and number of each; of many, the first are kept.
        """
        size = np.cumsum([len(self._rows(*group)) for group in groups]) * _CELL_BYTES
        wanted = list(groups[: int(np.searchsorted(size, _KEPT_BYTES, "right"))])
        kept = self._kept  # which other threads may replace
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
        """The rows of a group, in the order of its packets."""
        if self._places is None:
            self._places = self._read_places()
        recordings, groups, rows = self._places
        first, end = np.searchsorted(recordings, [recording, recording + 1])
        found, last = np.searchsorted(groups[first:end], [number, number + 1])
        return rows[first + found : first + last]

    def _read_places(self) -> tuple[NDArray[np.int64], ...]:
        """Recording and group of each row, and the row, in this order."""
        dataset = self._source.dataset
        with dataset_errors("reading which packets there are"):
            recordings, groups = (
                np.asarray(dataset[name][:], np.int64).reshape(-1)
                for name in ("recording", "group")
            )
        order = np.lexsort((groups, recordings))  # is stable: the cells of a group stay in order
        return recordings[order], groups[order], order

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_kept": {}}


def _cells(packets: bytes) -> Iterator[bytes]:
    for start in range(0, len(packets), _CELL_BYTES):
        yield packets[start : start + _CELL_BYTES]
