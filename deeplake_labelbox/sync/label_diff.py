"""What changed in the labels between two versions of a dataset.

Read from the cells alone, so that also what people changed by hand is told. Objects are the same
when their track ids are; frames are told by data row and number, not by row.
"""

from __future__ import annotations

from typing import Final

import deeplake

from deeplake_labelbox.dataset.location import dataset_errors
from deeplake_labelbox.dataset.row_index import VideoRows
from deeplake_labelbox.sync.label_changes import AnswerDiff, LabelDiff, ObjectDiff, VideoDiff
from deeplake_labelbox.sync.labelled_version import LabelledVersion, open_version

_GEOMETRIES: Final = ("rectangle", "point", "line", "polygon", "raster-segmentation")
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
        opened = [open_version(dataset, name) for name in (version_a, version_b)]
        sides = [LabelledVersion(found) for _, found in opened]
        names = {
            video.data_row_id: video.name
            for side in sides
            for video in sorted(side.meta.videos, key=lambda video: video.video_idx)
        }
        videos = [_video_diff(data_row_id, name, *sides) for data_row_id, name in names.items()]
    return LabelDiff(opened[0][0], opened[1][0], tuple(video for video in videos if video))


def _video_diff(data_row_id: str, name: str, a: LabelledVersion, b: LabelledVersion) -> VideoDiff:
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
    same = diff.is_empty and a.label(data_row_id) == b.label(data_row_id) is not None
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


class _Differences:
    """Gathers the differences of one data row."""

    def __init__(
        self,
        a: LabelledVersion,
        b: LabelledVersion,
        rows_a: VideoRows | None,
        rows_b: VideoRows | None,
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
                if self._a.shape(column, a.get(frame), before[number].get(frame))
                != self._b.shape(column, b.get(frame), after[number].get(frame))
            }
            if frames:
                feature = self._b.feature_id(column, number)
                self.moved.append(ObjectDiff(column, number, feature, tuple(sorted(frames))))
        sides = (self._a, self._b)
        for answers in dict.fromkeys(n for side in sides for n in side.answer_columns(column)):
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
                    self._a.answer(column, a.get(frame), before[number][frame]),
                    self._b.answer(column, b.get(frame), after[number][frame]),
                )
                if words[0] != words[1]:
                    changes.setdefault(words, []).append(frame)
            for (old, new), frames in changes.items():
                self.answers.append(AnswerDiff(column, tuple(frames), old, new, number))
