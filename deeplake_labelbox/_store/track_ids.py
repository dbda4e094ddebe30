"""Track ids: small numbers for Labelbox's feature ids, unique in the dataset and stable.

The metadata of every track id column holds ``feature_ids`` (track id as text to feature id), and
``labelbox_tracks_<data row id>``, from which a later run reads the assigned numbers. The next
number is in the metadata of the dataset, which all branches share, so that no two branches assign
the same number to different objects.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

import deeplake

from deeplake_labelbox._store.columns import (
    GeometryColumn,
    ReadableDataset,
    column_kind,
    column_names,
    metadata_texts,
    read_class_names,
    write_text,
)

# Under this key the metadata of the dataset holds the next track id, as text.
NEXT_KEY = "labelbox_next_track_id"

# Under this and a data row id the metadata of a column holds the data row's feature ids by track
# id, as JSON text: Deep Lake 4.7.4 takes seconds to read a mapping of some thousand entries, and
# minutes for ten times as many. They are stored by data row because every value that the key ever
# had is read whenever the dataset is opened.
TRACKS_KEY = "labelbox_tracks_"


def read_tracks(dataset: ReadableDataset, column: str) -> dict[int, tuple[str, str]]:
    """Return the tracks of a track id column: data row id and feature id by track id."""
    return {
        int(number): (data_row_id, feature_id)
        for data_row_id, text in metadata_texts(dataset, column, TRACKS_KEY).items()
        for number, feature_id in json.loads(text).items()
    }


def write_tracks(
    dataset: deeplake.Dataset, column: str, tracks: Mapping[int, tuple[str, str]]
) -> None:
    """Write the tracks of a track id column; the next commit publishes them."""
    feature_ids: dict[str, str] = {}
    by_data_row: dict[str, dict[str, str]] = {}
    for number, (data_row_id, feature_id) in tracks.items():
        feature_ids[str(number)] = feature_id
        by_data_row.setdefault(data_row_id, {})[str(number)] = feature_id
    dataset[column].metadata["feature_ids"] = feature_ids
    for data_row_id, features in by_data_row.items():
        write_text(dataset, column, f"{TRACKS_KEY}{data_row_id}", features)


class TrackIds:
    """Assigns track ids to the objects of a dataset, and class numbers to grouped tools."""

    def __init__(self, dataset: deeplake.Dataset, columns: Iterable[GeometryColumn]) -> None:
        """Read the assigned numbers of the dataset.

        Args:
            dataset: The dataset.
            columns: The geometry columns of the project.
        """
        self._dataset = dataset
        self._data_row_id = ""
        self._ids: dict[str, dict[tuple[str, str], int]] = {}
        self._new: set[str] = set()
        self._class_names: dict[str, tuple[str, ...]] = {}
        # A rollback may leave it there, but empty.
        number = str(dataset.metadata[NEXT_KEY]) if NEXT_KEY in dataset.metadata else ""
        self._next = int(number or 0)
        self._known_next = number
        existing = column_names(dataset)
        for name in existing:
            if column_kind(dataset, name) == "track_ids":
                self._ids[name] = self._read(name)
        for column in columns:
            self._ids.setdefault(column.track_ids, {})
            known = read_class_names(dataset, column.labels) if column.labels in existing else ()
            tools = dict.fromkeys(tool.name for tool in column.tools)
            self._class_names[column.labels] = (*known, *(t for t in tools if t not in known))

    def _read(self, name: str) -> dict[tuple[str, str], int]:
        ids = {track: number for number, track in read_tracks(self._dataset, name).items()}
        self._next = max([self._next, *(number + 1 for number in ids.values())])
        return ids

    def enter(self, data_row_id: str) -> None:
        """Set the data row of the feature ids that follow."""
        self._data_row_id = data_row_id

    def of(self, column: GeometryColumn, feature_id: str) -> int:
        """Return the track id of an object of the current data row, allocated on first use."""
        ids = self._ids[column.track_ids]
        key = (self._data_row_id, feature_id)
        if key not in ids:
            ids[key] = self._next
            self._next += 1
            self._new.add(column.track_ids)
        return ids[key]

    def class_names(self, column: GeometryColumn) -> tuple[str, ...]:
        """Return the class names of a grouped column: its tools, earlier ones first."""
        return self._class_names[column.labels]

    def save(self) -> None:
        """Write new track ids to the metadata of the columns."""
        for name in sorted(self._new):
            tracks = {number: track for track, number in self._ids[name].items()}
            write_tracks(self._dataset, name, tracks)
        self._new.clear()

    def save_next(self) -> None:
        """Write the next track id, right before a commit.

        The metadata of the dataset is not versioned: the last writer wins, and a rollback does not
        restore it.
        """
        if str(self._next) != self._known_next:
            self._dataset.metadata[NEXT_KEY] = self._known_next = str(self._next)
