"""What changed in labels, as plain values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ObjectDiff:
    """An object that was added, removed, moved, or is in other frames.

    Attributes:
        column: Its geometry column.
        track_id: Its number in the dataset.
        feature_id: Its id in Labelbox, if the dataset knows it.
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
        frames: The 1-based frames in which it changed so.
        before: The answer before, in words; empty where there was none.
        after: The answer after.
        track_id: The object that it is asked of; ``None`` for the frame or the video.
    """

    column: str
    frames: tuple[int, ...]
    before: str
    after: str
    track_id: int | None = None


@dataclass(frozen=True, slots=True)
class VideoDiff:
    """What changed in one data row.

    Attributes:
        data_row_id: The data row.
        name: Name of its video.
        rows_added: How many frames have rows in the second version only.
        rows_removed: How many have rows in the first version only.
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
    """What changed between two versions of a dataset.

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
            f"{video.name} ({video.data_row_id}): {len(video.added)} objects added, "
            f"{len(video.removed)} removed, {len(video.moved)} moved, "
            f"{len(video.answers)} answers changed"
            for video in self.videos
        ]
        return "\n".join(lines) or "no label changed"
