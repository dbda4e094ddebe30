"""Differences between two sets of labels of one video, frame by frame."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Literal

from deeplake_labelbox._compare.changes import AnswerChange, FrameChanges, VideoChanges
from deeplake_labelbox._formats.annotations import (
    Answers,
    AnswerValue,
    ObjectTrack,
    VideoAnnotations,
)
from deeplake_labelbox._model.kinds import GEOMETRIES

Place = tuple[int, int]
"""Index of a track in its video, and index of a frame in the track."""

State = Literal["same", "moved", "removed", "added"]


@dataclass(frozen=True, slots=True)
class Pair:
    """An object in a frame of the first labels, of the second, or of both.

    Attributes:
        frame: The frame.
        first: Its track and frame in the first labels; ``None`` if it is not there.
        second: The same in the second labels.
        overlap: Overlap (IoU) of its two boxes; 0 if unknown.
        is_moved: Whether it is in another place in the second labels.
        answers: Answers about it that differ.
    """

    frame: int
    first: Place | None
    second: Place | None
    overlap: float = 1.0
    is_moved: bool = False
    answers: tuple[AnswerChange, ...] = ()

    @property
    def state(self) -> State:
        """State of the object."""
        if self.first is None:
            return "added"
        if self.second is None:
            return "removed"
        return "moved" if self.is_moved else "same"


PairFinder = Callable[[VideoAnnotations, VideoAnnotations], Iterator[Pair]]
"""Pairs the objects of two sets of labels of a video."""


@dataclass(frozen=True, slots=True, eq=False)
class VideoDifferences:
    """The differences in one video.

    Attributes:
        name: Name of the video.
        data_row_id: Its data row.
        sides: The first and the second labels.
        pairs: Pairs of objects by frame, for all compared frames in ascending order.
        answers: Answers of frames that differ, by frame.
    """

    name: str
    data_row_id: str
    sides: tuple[VideoAnnotations, VideoAnnotations]
    pairs: Mapping[int, list[Pair]]
    answers: Mapping[int, tuple[AnswerChange, ...]]

    @classmethod
    def of(
        cls,
        name: str,
        data_row_id: str,
        frames: Collection[int],
        sides: tuple[VideoAnnotations, VideoAnnotations],
        find_pairs: PairFinder,
        questions: Collection[str] | None = None,
    ) -> VideoDifferences:
        """Compare two sets of labels of a video.

        Args:
            name: Name of the video.
            data_row_id: Its data row.
            frames: Frames to compare.
            sides: The first and the second labels.
            find_pairs: Pairs the objects of both.
            questions: Classifications whose answers to compare; ``None`` for all.
        """
        pairs: dict[int, list[Pair]] = {frame: [] for frame in sorted(frames)}
        for pair in find_pairs(*sides):
            if pair.frame in pairs:
                pairs[pair.frame].append(_with_answers(pair, sides, questions))
        first, second = (_frame_words(side, list(pairs)) for side in sides)
        answers = {
            frame: changes
            for frame in pairs
            if (changes := tuple(_changes("", first[frame], second[frame], questions)))
        }
        return cls(name, data_row_id, sides, pairs, answers)

    def track(self, pair: Pair) -> ObjectTrack:
        """Return the track of a pair: the first one, or the second if there is no first."""
        if pair.first is not None:
            return self.sides[0].tracks[pair.first[0]]
        assert pair.second is not None  # noqa: S101 - a pair has at least one
        return self.sides[1].tracks[pair.second[0]]

    @property
    def totals(self) -> VideoChanges:
        """Number of differences of each kind."""
        states = [pair.state for objects in self.pairs.values() for pair in objects]
        return VideoChanges(
            self.name,
            self.data_row_id,
            len(self.pairs),
            sum(1 for frame in self.pairs if self._signature(frame)),
            states.count("removed"),
            states.count("added"),
            states.count("moved"),
            sum(len(self._answers(frame)) for frame in self.pairs),
        )

    def runs(self) -> Iterator[FrameChanges]:
        """Yield the runs of frames that have the same differences."""
        for signature, group in groupby(self.pairs, self._signature):
            if not signature:
                continue
            run = list(group)
            worst = min(run, key=self._overlap)
            by_state: dict[State, list[str]] = {}
            for pair in self.pairs[worst]:
                by_state.setdefault(pair.state, []).append(self.track(pair).class_name)
            yield FrameChanges(
                self.name,
                self.data_row_id,
                run[0],
                run[-1],
                worst,
                removed=tuple(sorted(by_state.get("removed", ()))),
                added=tuple(sorted(by_state.get("added", ()))),
                moved=tuple(sorted(by_state.get("moved", ()))),
                answers=self._answers(worst),
            )

    def _answers(self, frame: int) -> tuple[AnswerChange, ...]:
        of_objects = (change for pair in self.pairs[frame] for change in pair.answers)
        return (*self.answers.get(frame, ()), *of_objects)

    def _signature(self, frame: int) -> frozenset[Any]:
        """Identify the differences in a frame: equal for the same tracks and answers."""
        changed = [p for p in self.pairs[frame] if p.state != "same" or p.answers]
        tracks = {(p.state, p.first and p.first[0], p.second and p.second[0]) for p in changed}
        return frozenset([*tracks, *self._answers(frame)])

    def _overlap(self, frame: int) -> float:
        return min((p.overlap for p in self.pairs[frame] if p.state == "moved"), default=1.0)


def sorted_runs(videos: Iterable[VideoDifferences]) -> list[FrameChanges]:
    """Return the runs of all videos, worst first."""
    runs = [run for video in videos for run in video.runs()]
    return sorted(runs, key=lambda run: (-len(run), run.first_frame - run.last_frame))


def shape_at(track: ObjectTrack, place: int) -> Any:
    """Return the coordinates of a track in a frame, or the pixels of its mask."""
    shape: Any = track.coordinates[place]
    return shape() if GEOMETRIES[track.kind].is_mask else shape


def answer_words(value: AnswerValue) -> str:
    """Format an answer; nested answers follow their option in parentheses."""
    if isinstance(value, str):
        return value
    if not isinstance(value, Mapping):
        return ", ".join(value)
    options = []
    for option, below in value.items():
        nested = ", ".join(f"{name}: {answer_words(it)}" for name, it in (below or {}).items())
        options.append(f"{option} ({nested})" if nested else option)
    return ", ".join(options)


def _with_answers(
    pair: Pair,
    sides: tuple[VideoAnnotations, VideoAnnotations],
    questions: Collection[str] | None,
) -> Pair:
    if pair.first is None or pair.second is None:
        return pair
    (track, place), (other, there) = pair.first, pair.second
    first, second = sides[0].tracks[track].answers[place], sides[1].tracks[other].answers[there]
    if first == second:
        return pair
    name = sides[0].tracks[track].class_name
    return replace(pair, answers=tuple(_changes(name, _words(first), _words(second), questions)))


def _words(answers: Answers) -> dict[str, str]:
    return {name: answer_words(value) for name, value in answers.items()}


def _frame_words(side: VideoAnnotations, frames: Sequence[int]) -> dict[int, dict[str, str]]:
    """Format the answers of frames, including those of the whole video."""
    whole = _words(side.global_answers)
    words = {frame: dict(whole) for frame in frames}
    for name, spans in side.frame_answers.items():
        for span in spans:
            answer = answer_words(span.answer)
            for frame in range(span.start, span.end + 1):
                if frame in words:
                    words[frame][name] = answer
    return words


def _changes(
    subject: str,
    first: Mapping[str, str],
    second: Mapping[str, str],
    questions: Collection[str] | None,
) -> Iterator[AnswerChange]:
    for name in dict.fromkeys([*first, *second]):
        pair = first.get(name, ""), second.get(name, "")
        if pair[0] != pair[1] and (questions is None or name in questions):
            yield AnswerChange(subject, name, *pair)
