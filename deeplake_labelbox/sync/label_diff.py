"""What changed in the labels between two versions of a dataset.

Read from the cells alone, so that also what people changed by hand is told. Objects are the same
when their track ids are; frames are told by data row and number, not by row.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, cast

import deeplake
import numpy as np

from deeplake_labelbox.dataset.applied import AppliedLabels
from deeplake_labelbox.dataset.columns import (
    ReadableDataset,
    column_kind,
    column_names,
    read_class_names,
)
from deeplake_labelbox.dataset.frames import has_identity_columns
from deeplake_labelbox.dataset.labelbox_meta import LabelboxMeta
from deeplake_labelbox.dataset.location import dataset_errors
from deeplake_labelbox.dataset.row_index import RowIndex, VideoRows
from deeplake_labelbox.dataset.track_ids import read_tracks
from deeplake_labelbox.errors import ConfigurationError, DatasetMismatchError
from deeplake_labelbox.sync.label_changes import AnswerDiff, LabelDiff, ObjectDiff, VideoDiff

_GEOMETRIES: Final = ("rectangle", "point", "line", "polygon", "raster-segmentation")
_OBJECT_ANSWERS: Final = ("labels", "object choice", "object choices", "object text")
_FRAME_ANSWERS: Final = ("choices", "text")


def diff_labels(dataset: deeplake.Dataset, version_a: str, version_b: str) -> LabelDiff:
    """Tell what changed in the labels between two versions, by data row.

    Geometries are compared as they are, frame by frame; masks only in data rows whose label was
    applied anew or in which anything else differs, as they are large.

    Args:
        dataset: The dataset.
        version_a: The version before: the id of a version of its history, or the name of a tag or
            of a branch, whose last version is meant.
        version_b: The version after.

    Returns:
        The data rows in which something changed, in the order of ``video_idx``.

    Raises:
        ConfigurationError: If there is no such version.
        DatasetMismatchError: If rows cannot be told from each other.
        DatasetError: If Deep Lake fails.

    Example:
        ```python
        import deeplake

        for video in diff_labels(deeplake.open("clips"), "run-6", "run-7").videos:
            print(video.name, len(video.added), len(video.removed), len(video.moved))
        ```
    """
    with dataset_errors("comparing two versions"):
        opened = [_open(dataset, name) for name in (version_a, version_b)]
        sides = [_Side(found) for _, found in opened]
        names = {
            video.data_row_id: video.name
            for side in sides
            for video in sorted(side.meta.videos, key=lambda video: video.video_idx)
        }
        videos = [_video_diff(data_row_id, name, *sides) for data_row_id, name in names.items()]
    return LabelDiff(opened[0][0], opened[1][0], tuple(video for video in videos if video))


class _Side:
    """One of the two versions."""

    def __init__(self, dataset: ReadableDataset) -> None:
        if not has_identity_columns(dataset):
            raise DatasetMismatchError(
                "A version of the dataset has no columns video_idx and frame_idx, which tell its "
                "rows from each other; compare versions that have them."
            )
        self.dataset = dataset
        self.applied = AppliedLabels.read(dataset)
        self.meta = _meta(dataset, self.applied)
        self.index = RowIndex(dataset, self.meta)
        self.kinds = {name: column_kind(dataset, name) for name in column_names(dataset)}
        self._tracks: dict[str, dict[int, tuple[str, str]]] = {}
        self._classes = {name: read_class_names(dataset, name) for name in self.kinds}

    def rows(self, data_row_id: str) -> VideoRows | None:
        entry = self.meta.entry(data_row_id)
        return None if entry is None else self.index.rows_of(entry)

    def cells(self, column: str, rows: VideoRows | None) -> dict[int, Any]:
        """Values of a column by 1-based frame."""
        if rows is None or column not in self.kinds or not len(rows.rows):
            return {}
        frames = rows.frames[rows.frame_of_row].tolist()
        if len(rows.rows) == rows.rows[-1] - rows.rows[0] + 1:
            first = int(rows.rows[0])
            values: Any = self.dataset[column][first : first + len(frames)]
        else:
            values = [self.dataset[column][int(row)] for row in rows.rows]
        return dict(zip(frames, values, strict=True))

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

    def objects(self, column: str, rows: VideoRows | None) -> dict[int, dict[int, int]]:
        """For each track id of a geometry column its place in each of its frames."""
        found: dict[int, dict[int, int]] = {}
        for frame, ids in self.cells(f"{column}_track_ids", rows).items():
            for place, number in enumerate([] if ids is None else np.ravel(ids).tolist()):
                found.setdefault(number, {})[frame] = place
        return found

    def feature_id(self, column: str, track_id: int) -> str | None:
        if column not in self._tracks:
            self._tracks[column] = read_tracks(self.dataset, f"{column}_track_ids")
        return self._tracks[column].get(track_id, (None, None))[1]


def _meta(dataset: ReadableDataset, applied: AppliedLabels | None) -> LabelboxMeta:
    try:
        return LabelboxMeta.read(dataset)
    except DatasetMismatchError:
        if applied is None:
            raise
        return applied.meta()


def _open(dataset: deeplake.Dataset, name: str) -> tuple[str, ReadableDataset]:
    """Open a version by its id, tag or branch."""
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


def _video_diff(data_row_id: str, name: str, a: _Side, b: _Side) -> VideoDiff:
    rows_a, rows_b = a.rows(data_row_id), b.rows(data_row_id)
    frames_a = set() if rows_a is None else set(rows_a.frames.tolist())
    frames_b = set() if rows_b is None else set(rows_b.frames.tolist())
    diff = _Differences(a, b, rows_a, rows_b)
    columns = dict.fromkeys([*a.kinds, *b.kinds])
    masks = []
    for column in columns:
        kind = b.kinds.get(column) or a.kinds.get(column)
        if kind == "raster-segmentation":
            masks.append(column)
        elif kind in _GEOMETRIES:
            diff.compare_objects(column)
        elif kind in _FRAME_ANSWERS:
            diff.compare_answers(column)
    same = diff.is_empty and _label(a, data_row_id) == _label(b, data_row_id) is not None
    for column in masks:
        diff.compare_objects(column, geometries=not same)
    return VideoDiff(
        data_row_id,
        name,
        len(frames_b - frames_a),
        len(frames_a - frames_b),
        tuple(diff.added),
        tuple(diff.removed),
        tuple(diff.moved),
        tuple(diff.answers),
    )


def _label(side: _Side, data_row_id: str) -> Any:
    return None if side.applied is None else side.applied.labels.get(data_row_id)


class _Differences:
    """Gathers the differences of one data row."""

    def __init__(
        self, a: _Side, b: _Side, rows_a: VideoRows | None, rows_b: VideoRows | None
    ) -> None:
        self._a, self._b = a, b
        self._rows_a, self._rows_b = rows_a, rows_b
        self.added: list[ObjectDiff] = []
        self.removed: list[ObjectDiff] = []
        self.moved: list[ObjectDiff] = []
        self.answers: list[AnswerDiff] = []

    @property
    def is_empty(self) -> bool:
        """Whether there was none so far."""
        return not (self.added or self.removed or self.moved or self.answers)

    def compare_objects(self, column: str, *, geometries: bool = True) -> None:
        """Compare the objects of a geometry column, and their answers."""
        before = self._a.objects(column, self._rows_a)
        after = self._b.objects(column, self._rows_b)
        for number in before.keys() - after.keys():
            feature = self._a.feature_id(column, number)
            self.removed.append(ObjectDiff(column, number, feature, tuple(before[number])))
        for number in after.keys() - before.keys():
            feature = self._b.feature_id(column, number)
            self.added.append(ObjectDiff(column, number, feature, tuple(after[number])))
        both = sorted(before.keys() & after.keys())
        if not both:
            return
        a = self._a.cells(column, self._rows_a) if geometries else {}
        b = self._b.cells(column, self._rows_b) if geometries else {}
        for number in both:
            frames = {
                frame
                for frame in before[number].keys() | after[number].keys()
                if _shape(column, self._a, a.get(frame), before[number].get(frame))
                != _shape(column, self._b, b.get(frame), after[number].get(frame))
            }
            if frames:
                feature = self._b.feature_id(column, number)
                self.moved.append(ObjectDiff(column, number, feature, tuple(sorted(frames))))
        for answers in _beside(column, self._a, self._b):
            self._compare_object_answers(answers, before, after, both)

    def compare_answers(self, column: str) -> None:
        """Compare the answers of frames."""
        a, b = self._a.cells(column, self._rows_a), self._b.cells(column, self._rows_b)
        changes: dict[tuple[str, str], list[int]] = {}
        for frame in sorted(a.keys() | b.keys()):
            before = self._a.words(column, a[frame]) if frame in a else ""
            after = self._b.words(column, b[frame]) if frame in b else ""
            if before != after:
                changes.setdefault((before, after), []).append(frame)
        for (before, after), frames in changes.items():
            self.answers.append(AnswerDiff(column, tuple(frames), before, after))

    def _compare_object_answers(
        self,
        column: str,
        before: dict[int, dict[int, int]],
        after: dict[int, dict[int, int]],
        numbers: list[int],
    ) -> None:
        a, b = self._a.cells(column, self._rows_a), self._b.cells(column, self._rows_b)
        for number in numbers:
            changes: dict[tuple[str, str], list[int]] = {}
            for frame in sorted(before[number].keys() & after[number].keys()):
                words = (
                    _answer(self._a, column, a.get(frame), before[number][frame]),
                    _answer(self._b, column, b.get(frame), after[number][frame]),
                )
                if words[0] != words[1]:
                    changes.setdefault(words, []).append(frame)
            for (old, new), frames in changes.items():
                self.answers.append(AnswerDiff(column, tuple(frames), old, new, number))


def _beside(column: str, *sides: _Side) -> Iterator[str]:
    """The columns of answers and classes of the objects of a geometry column."""
    seen = set()
    prefix = _prefix_of_answers(column)
    for side in sides:
        for name, kind in side.kinds.items():
            own = name == f"{column}_labels" or (prefix and name.startswith(prefix))
            if own and kind in _OBJECT_ANSWERS and name not in seen:
                seen.add(name)
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


def _shape(column: str, side: _Side, cell: Any, place: int | None) -> Any:
    """The geometry of one object in one frame, for comparison; ``None`` where it is not there."""
    if place is None:
        return None
    if cell is None:
        return ()
    if side.kinds.get(column) == "raster-segmentation":
        return np.packbits(np.asarray(cell)[..., place]).tobytes()
    return np.asarray(cell[place]).tobytes()


def _answer(side: _Side, column: str, cell: Any, place: int) -> str:
    if cell is None or place >= len(cell):
        return ""
    return side.words(column, cell[place])
