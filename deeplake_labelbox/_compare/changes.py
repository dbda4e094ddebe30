"""The differences of two sets of labels in a run of frames and in a video."""

from __future__ import annotations

from dataclasses import dataclass

from deeplake_labelbox._counts import tally

HEAD = ("video", "frames", "removed", "added", "moved", "answers")


@dataclass(frozen=True, slots=True)
class AnswerChange:
    """An answer that differs.

    Attributes:
        subject: Class of the object; empty for an answer of the frame.
        question: Name of the classification.
        first: The first answer in words; empty if there is none.
        second: The second answer.
    """

    subject: str
    question: str
    first: str
    second: str

    def __str__(self) -> str:
        """The change in one line."""
        about = f"{self.subject}, " if self.subject else ""
        return f"{about}{self.question}: {self.first or 'none'} → {self.second or 'none'}"


@dataclass(frozen=True, slots=True)
class FrameChanges:
    """The differences in a run of frames, the same in each of them.

    Attributes:
        video: Name of the video.
        data_row_id: Its data row.
        first_frame: First 1-based frame number.
        last_frame: Last frame number.
        worst_frame: The frame in which the moved objects overlap least.
        removed: Classes of the objects that are in the first labels only.
        added: Classes of the objects that are in the second labels only.
        moved: Classes of the objects that are in another place.
        answers: Answers that differ.
    """

    video: str
    data_row_id: str
    first_frame: int
    last_frame: int
    worst_frame: int
    removed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()
    answers: tuple[AnswerChange, ...] = ()

    def __len__(self) -> int:
        """Number of differences in each of the frames."""
        return len(self.removed) + len(self.added) + len(self.moved) + len(self.answers)

    @property
    def frames(self) -> str:
        """The frame numbers, like ``12`` or ``12-30``."""
        first, last = self.first_frame, self.last_frame
        return f"{first}" if first == last else f"{first}-{last}"

    @property
    def words(self) -> str:
        """The differences in one line."""
        sides = ((self.removed, "removed"), (self.added, "added"), (self.moved, "moved"))
        objects = [f"{state} {tally(names)}" for names, state in sides if names]
        return "; ".join([*objects, *map(str, self.answers)])

    def __str__(self) -> str:
        """The frames and differences in one line."""
        many = "" if self.first_frame == self.last_frame else "s"
        return f"{self.video}, frame{many} {self.frames}: {self.words}"


@dataclass(frozen=True, slots=True)
class VideoChanges:
    """The number of differences in a video; objects are counted once per frame.

    Attributes:
        video: Name of the video.
        data_row_id: Its data row.
        frames: Number of frames that were compared.
        changed_frames: Number of frames with differences.
        removed: Objects that are in the first labels only.
        added: Objects that are in the second labels only.
        moved: Objects that are in another place.
        answers: Answers that differ.
    """

    video: str
    data_row_id: str
    frames: int
    changed_frames: int = 0
    removed: int = 0
    added: int = 0
    moved: int = 0
    answers: int = 0

    @property
    def row(self) -> tuple[str, str, int, int, int, int]:
        """The cells of a table."""
        frames = f"{self.changed_frames:,} of {self.frames:,}"
        return (self.video, frames, self.removed, self.added, self.moved, self.answers)
