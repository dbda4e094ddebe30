"""One version of a dataset as what was labelled in it: objects by track id, answers in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, cast

import deeplake
import numpy as np

from deeplake_labelbox.dataset.applied import AppliedLabel, AppliedLabels, known_meta
from deeplake_labelbox.dataset.columns import (
    ReadableDataset,
    column_kind,
    column_names,
    read_class_names,
)
from deeplake_labelbox.dataset.frames import has_identity_columns
from deeplake_labelbox.dataset.row_index import RowIndex, VideoRows
from deeplake_labelbox.dataset.track_ids import read_tracks
from deeplake_labelbox.errors import ConfigurationError, DatasetMismatchError

_OBJECT_ANSWERS: Final = ("labels", "object choice", "object choices", "object text")


def open_version(dataset: deeplake.Dataset, name: str) -> tuple[str, ReadableDataset]:
    """Open a version by its id, tag or branch; returns its id as well.

    Raises:
        ConfigurationError: If there is none.
    """
    if name in dataset.tags.names():
        found = cast("deeplake.ReadOnlyDataset", dataset.tags[name].open())
        return str(dataset.tags[name].version), found
    if name in dataset.branches.names():
        branch = dataset.branches[name].open()
        return str(branch.version), branch
    if name in [version.id for version in dataset.history]:
        return name, dataset.history[name].open()
    raise ConfigurationError(
        f"The dataset has no version {name!r}; give the id of a version of ds.history, or the name "
        f"of a tag or branch."
    )


class LabelledVersion:
    """Reads the labels of one version.

    Args:
        dataset: The version.

    Attributes:
        meta: What it knows of its project.
        kinds: The kind of each column, ``None`` for columns of others.

    Raises:
        DatasetMismatchError: If its rows cannot be told from each other.
    """

    def __init__(self, dataset: ReadableDataset) -> None:
        if not has_identity_columns(dataset):
            raise DatasetMismatchError(
                "A version of the dataset has no columns video_idx and frame_idx, which tell its "
                "rows from each other; compare versions that have them."
            )
        self._dataset = dataset
        self._applied = AppliedLabels.read(dataset)
        self.meta = known_meta(dataset, self._applied)
        self._index = RowIndex(dataset, self.meta)
        self.kinds = {name: column_kind(dataset, name) for name in column_names(dataset)}
        self._tracks: dict[str, dict[int, tuple[str, str]]] = {}
        self._classes = {name: read_class_names(dataset, name) for name in self.kinds}

    def label(self, data_row_id: str) -> AppliedLabel | None:
        """The label that its rows hold, if any was applied."""
        return None if self._applied is None else self._applied.labels.get(data_row_id)

    def rows(self, data_row_id: str) -> VideoRows | None:
        """The rows of a data row; ``None`` if the version does not know it."""
        entry = self.meta.entry(data_row_id)
        return None if entry is None else self._index.rows_of(entry)

    def cells(self, column: str, rows: VideoRows | None) -> dict[int, Any]:
        """Values of a column by 1-based frame."""
        if rows is None or column not in self.kinds or not len(rows.rows):
            return {}
        frames = rows.frames[rows.frame_of_row].tolist()
        if len(rows.rows) == rows.rows[-1] - rows.rows[0] + 1:
            first = int(rows.rows[0])
            values: Any = self._dataset[column][first : first + len(frames)]
        else:
            values = [self._dataset[column][int(row)] for row in rows.rows]
        return dict(zip(frames, values, strict=True))

    def objects(self, column: str, rows: VideoRows | None) -> dict[int, dict[int, int]]:
        """For each track id of a geometry column its place in each of its frames."""
        found: dict[int, dict[int, int]] = {}
        for frame, ids in self.cells(f"{column}_track_ids", rows).items():
            for place, number in enumerate([] if ids is None else np.ravel(ids).tolist()):
                found.setdefault(number, {})[frame] = place
        return found

    def feature_id(self, column: str, track_id: int) -> str | None:
        """Labelbox's id of an object of a geometry column."""
        if column not in self._tracks:
            self._tracks[column] = read_tracks(self._dataset, f"{column}_track_ids")
        return self._tracks[column].get(track_id, (None, None))[1]

    def shape(self, column: str, cell: Any, place: int | None) -> bytes | None:
        """The geometry of one object in one frame, to be compared; ``None`` where it is not."""
        if place is None:
            return None
        if cell is None:
            return b""
        if self.kinds.get(column) == "raster-segmentation":
            return np.packbits(np.asarray(cell)[..., place]).tobytes()
        return np.asarray(cell[place]).tobytes()

    def answer(self, column: str, cell: Any, place: int) -> str:
        """The answer of one object in one frame, in words."""
        return "" if cell is None or place >= len(cell) else self.words(column, cell[place])

    def words(self, column: str, value: Any) -> str:
        """An answer in words."""
        kind, classes = self.kinds[column], self._classes[column]
        if value is None or isinstance(value, str):
            return value or ""
        if kind in ("choices", "labels", "object choice"):
            numbers = np.ravel(value).tolist()
            return ", ".join(classes[n] if classes else str(n) for n in numbers if n >= 0)
        if kind == "object choices":
            return ", ".join(classes[n] for n in np.flatnonzero(value))
        return str(value)

    def answer_columns(self, column: str) -> Iterator[str]:
        """The columns of answers and classes of the objects of a geometry column."""
        prefix = _prefix_of_answers(column)
        for name, kind in self.kinds.items():
            own = name == f"{column}_labels" or (prefix and name.startswith(prefix))
            if own and kind in _OBJECT_ANSWERS:
                yield name


def _prefix_of_answers(column: str) -> str | None:
    """What names of answers begin with: a geometry that has some is named ``<name>/<name>``."""
    place = column.find("/")
    while place >= 0:
        before, name = column[:place], column[place + 1 :]
        if before == name or before.endswith(f"/{name}"):
            return f"{before}/"
        place = column.find("/", place + 1)
    return None
