"""Compare the labels of two versions of a dataset.

Only cells are compared, so changes by hand are found too. Objects are matched by track id, and
frames by data row and frame number, not by row.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import deeplake
import numpy as np

from deeplake_labelbox._counts import counted
from deeplake_labelbox._model.kinds import GEOMETRIES
from deeplake_labelbox._store.answers import Answers
from deeplake_labelbox._store.applied_labels import AppliedLabel, AppliedLabels
from deeplake_labelbox._store.branches import open_version
from deeplake_labelbox._store.columns import ReadableDataset, has_identity_columns
from deeplake_labelbox._store.families import ObjectFamily
from deeplake_labelbox._store.labeled_dataset import LabeledDataset
from deeplake_labelbox._store.location import dataset_errors
from deeplake_labelbox._store.objects import FamilyObjects
from deeplake_labelbox._store.track_ids import read_tracks
from deeplake_labelbox._store.videos import Video, read_meta
from deeplake_labelbox.errors import DatasetMismatchError


@dataclass(frozen=True, slots=True)
class ObjectDiff:
    """An object that was added, removed or moved, or is in other frames.

    Attributes:
        column: Its geometry column.
        track_id: Its number in the dataset.
        feature_id: Its id in Labelbox, if the dataset has it.
        frames: The 1-based frames that differ.
    """

    column: str
    track_id: int
    feature_id: str | None
    frames: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AnswerDiff:
    """An answer that changed.

    Attributes:
        column: Its column.
        frames: The 1-based frames with this change.
        before: Text of the answer before; empty if there was none.
        after: Text of the answer after; empty if there is none.
        track_id: The object of the answer; ``None`` for the frame or the video.
    """

    column: str
    frames: tuple[int, ...]
    before: str
    after: str
    track_id: int | None = None


@dataclass(frozen=True, slots=True)
class VideoDiff:
    """The changes of one data row.

    Attributes:
        data_row_id: The data row.
        name: Name of its video.
        rows_added: Number of frames that have rows in the second version only.
        rows_removed: Number of frames that have rows in the first version only.
        added: Objects that are in the second version only.
        removed: Objects that are in the first version only.
        moved: Objects whose geometry differs, or that are in other frames.
        answers: Answers that differ, of frames and of objects that are in both.
    """

    data_row_id: str
    name: str
    rows_added: int = 0
    rows_removed: int = 0
    added: tuple[ObjectDiff, ...] = ()
    removed: tuple[ObjectDiff, ...] = ()
    moved: tuple[ObjectDiff, ...] = ()
    answers: tuple[AnswerDiff, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything changed."""
        return bool(
            self.rows_added
            or self.rows_removed
            or self.added
            or self.removed
            or self.moved
            or self.answers
        )


@dataclass(frozen=True, slots=True)
class LabelDiff:
    """The changes between two versions of a dataset.

    Attributes:
        version_a: Id of the first version.
        version_b: Id of the second version.
        videos: The data rows in which something changed.
    """

    version_a: str
    version_b: str
    videos: tuple[VideoDiff, ...] = ()

    def __str__(self) -> str:
        """A line for each data row in which something changed."""
        lines = [
            f"{video.name} ({video.data_row_id}): {counted(len(video.added), 'object')} added, "
            f"{len(video.removed)} removed, {len(video.moved)} moved, "
            f"{counted(len(video.answers), 'answer')} changed"
            for video in self.videos
        ]
        return "\n".join(lines) or "no label changed"


_Tracks = dict[int, dict[int, int]]
"""For each track id the index of its object by frame."""


def diff_labels(dataset: deeplake.Dataset, version_a: str, version_b: str) -> LabelDiff:
    """Compare the labels of two versions, by data row.

    Geometries are compared frame by frame. Masks are large, so they are compared only in data rows
    whose label was applied again or that differ in anything else.

    Args:
        dataset: The dataset.
        version_a: The version before: the id of a version in its history, the name of a tag, or the
            name of a branch for its last version.
        version_b: The version after.

    Returns:
        The data rows in which something changed, in the order of ``video_idx``.

    Raises:
        ConfigurationError: If a version does not exist.
        DatasetMismatchError: If rows do not have the numbers of their video and frame.
        DatasetError: If Deep Lake fails.

    Example:
        ```python
        import deeplake

        for video in diff_labels(deeplake.open("clips"), "run-6", "run-7").videos:
            print(video.name, len(video.added), len(video.removed), len(video.moved))
        ```
    """
    with dataset_errors("comparing two versions"):
        opened = [open_version(dataset, name) for name in (version_a, version_b)]
        a, b = (_Version.of(found) for _, found in opened)
        names = a.names | b.names
        videos = [_video_diff(data_row_id, name, a, b) for data_row_id, name in names.items()]
    return LabelDiff(opened[0][0], opened[1][0], tuple(video for video in videos if video))


@dataclass(frozen=True, slots=True, eq=False)
class _Version:
    """One version.

    Attributes:
        labels: The shared labels, and those of each annotator with columns of their own.
        names: Name of each video by data row id, in the order of ``video_idx``.
        videos: The videos that have rows, by data row id.
        applied: The applied label of each data row.
        families: By geometry column, its family and the labels that it belongs to.
    """

    labels: dict[str | None, LabeledDataset]
    names: dict[str, str]
    videos: dict[str, Video]
    applied: dict[str, AppliedLabel]
    families: dict[str, tuple[ObjectFamily, LabeledDataset]]
    _tracks: dict[str, dict[int, tuple[str, str]]] = field(default_factory=dict)

    @classmethod
    def of(cls, dataset: ReadableDataset) -> _Version:
        if not has_identity_columns(dataset):
            raise DatasetMismatchError(
                "A version of the dataset has no columns video_idx and frame_idx, which identify "
                "its rows; compare versions that have them."
            )
        counting = LabeledDataset(dataset)
        labels: dict[str | None, LabeledDataset] = {None: counting}
        for annotator in counting.annotators:
            labels[annotator] = LabeledDataset(dataset, annotator=annotator)
        applied = AppliedLabels.read(dataset)
        entries = sorted(read_meta(dataset).videos, key=lambda entry: entry.video_idx)
        return cls(
            labels=labels,
            names={entry.data_row_id: entry.name for entry in entries},
            videos={video.data_row_id: video for video in counting.videos},
            applied={} if applied is None else dict(applied.labels),
            families={
                family.column: (family, each)
                for each in labels.values()
                for family in each.families.objects
            },
        )

    def feature_id(self, column: str, track_id: int) -> str | None:
        """Labelbox's id of an object of a geometry column."""
        if column not in self._tracks:
            dataset = self.labels[None].dataset
            self._tracks[column] = read_tracks(dataset, f"{column}_track_ids")
        return self._tracks[column].get(track_id, (None, None))[1]


def _video_diff(data_row_id: str, name: str, a: _Version, b: _Version) -> VideoDiff:
    diff = _Differences(_Side(a, data_row_id), _Side(b, data_row_id))
    masks = []
    for column, (family, _) in {**a.families, **b.families}.items():
        if GEOMETRIES[family.kind].is_mask:
            masks.append(column)
        else:
            diff.compare_objects(column)
    diff.compare_answers()
    same = diff.is_empty and a.applied.get(data_row_id) == b.applied.get(data_row_id) is not None
    for column in masks:
        diff.compare_objects(column, shapes=not same)
    before, after = (set(side.frames) for side in (diff.a, diff.b))
    return VideoDiff(
        data_row_id,
        name,
        len(after - before),
        len(before - after),
        tuple(diff.added),
        tuple(diff.removed),
        tuple(diff.moved),
        tuple(diff.answers),
    )


class _Side:
    """One data row in one version."""

    def __init__(self, version: _Version, data_row_id: str) -> None:
        self._version = version
        self._video = version.videos.get(data_row_id)
        self.frames: list[int] = [] if self._video is None else self._video.frames.tolist()

    def objects(self, column: str) -> FamilyObjects | None:
        """The objects of a geometry column."""
        if self._video is None or column not in self._version.families:
            return None
        family, labels = self._version.families[column]
        return FamilyObjects(family, self._video.rows, labels.cells)

    def tracks(self, objects: FamilyObjects | None) -> _Tracks:
        found: _Tracks = {}
        if objects is not None:
            numbers, places = objects.track_ids.tolist(), objects.places.tolist()
            for index, (number, place) in enumerate(zip(numbers, places, strict=True)):
                found.setdefault(number, {})[self.frames[place]] = index
        return found

    def answers(self) -> dict[str, Answers]:
        """The answers of frames, by name of the column in the dataset."""
        if self._video is None:
            return {}
        found = [labels.answers(self._video) for labels in self._version.labels.values()]
        return {each.family.column: each for answers in found for each in answers.values()}

    def difference(self, column: str, track_id: int, frames: Iterable[int]) -> ObjectDiff:
        feature_id = self._version.feature_id(column, track_id)
        return ObjectDiff(column, track_id, feature_id, tuple(frames))


@dataclass(frozen=True, slots=True)
class _Differences:
    """Collects the differences of one data row."""

    a: _Side
    b: _Side
    added: list[ObjectDiff] = field(default_factory=list)
    removed: list[ObjectDiff] = field(default_factory=list)
    moved: list[ObjectDiff] = field(default_factory=list)
    answers: list[AnswerDiff] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether there are no differences so far."""
        return not (self.added or self.removed or self.moved or self.answers)

    def compare_objects(self, column: str, *, shapes: bool = True) -> None:
        """Compare the objects of a geometry column, and their answers."""
        objects = self.a.objects(column), self.b.objects(column)
        before, after = self.a.tracks(objects[0]), self.b.tracks(objects[1])
        for number in before.keys() - after.keys():
            self.removed.append(self.a.difference(column, number, before[number]))
        for number in after.keys() - before.keys():
            self.added.append(self.b.difference(column, number, after[number]))
        both = sorted(before.keys() & after.keys())
        if objects[0] is None or objects[1] is None or not both:
            return
        for number in both:
            there = before[number].keys() ^ after[number].keys()
            if shapes:
                there |= {
                    frame
                    for frame in before[number].keys() & after[number].keys()
                    if not np.array_equal(
                        objects[0].shapes[before[number][frame]],
                        objects[1].shapes[after[number][frame]],
                    )
                }
            if there:
                self.moved.append(self.b.difference(column, number, sorted(there)))
        words = _words(objects[0]), _words(objects[1])
        for name in dict.fromkeys([*words[0], *words[1]]):
            for number in both:
                common = sorted(before[number].keys() & after[number].keys())
                old, new = (
                    {f: given[name][at[number][f]] if name in given else "" for f in common}
                    for given, at in zip(words, (before, after), strict=True)
                )
                self._add_answers(name, old, new, number)

    def compare_answers(self) -> None:
        """Compare the answers of frames."""
        a, b = self.a.answers(), self.b.answers()
        for column in dict.fromkeys([*a, *b]):
            old, new = (
                dict(zip(side.frames, given[column].words, strict=True)) if column in given else {}
                for side, given in ((self.a, a), (self.b, b))
            )
            self._add_answers(column, old, new)

    def _add_answers(
        self, column: str, before: dict[int, str], after: dict[int, str], number: int | None = None
    ) -> None:
        changes: dict[tuple[str, str], list[int]] = {}
        for frame in sorted(before.keys() | after.keys()):
            pair = before.get(frame, ""), after.get(frame, "")
            if pair[0] != pair[1]:
                changes.setdefault(pair, []).append(frame)
        for (old, new), frames in changes.items():
            self.answers.append(AnswerDiff(column, tuple(frames), old, new, number))


def _words(objects: FamilyObjects) -> dict[str, list[str]]:
    """Class and answers of the objects in words, by name of the column in the dataset."""
    words = {answers.family.column: answers.words for answers in objects.answers.values()}
    if objects.family.labels is not None:
        names = objects.family.class_names
        words[objects.family.labels] = [names[number] for number in objects.class_ids.tolist()]
    return words
