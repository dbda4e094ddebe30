"""Read the labels of a video over time: tracks and answers as spans of frames."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._model.annotations import ToolKind
from deeplake_labelbox._pictures.frame_annotations import AnnotationReader
from deeplake_labelbox._store.videos import Video

Span = tuple[int, int]
"""First and last frame number of consecutive frames in the dataset."""


@dataclass(frozen=True, slots=True)
class TrackTimeline:
    """One object over time.

    Attributes:
        class_name: Name of its tool.
        kind: Kind of its tool.
        track_id: Its track id; ``None`` if the dataset has none; then all objects of the class are
            one.
        spans: The frames in which it is visible.
        key_frames: The frames in which it was drawn.
        rows: Number of rows in which it is visible.
    """

    class_name: str
    kind: ToolKind
    track_id: int | None
    spans: tuple[Span, ...]
    key_frames: tuple[int, ...]
    rows: int


@dataclass(frozen=True, slots=True)
class AnswerTimeline:
    """The answers to one question over time.

    Attributes:
        question: Name of the classification.
        spans: First frame, last frame and answer in words, ascending.
    """

    question: str
    spans: tuple[tuple[int, int, str], ...]


@dataclass(frozen=True, slots=True, eq=False)
class VideoTimeline:
    """All labels of a video.

    Attributes:
        video: The video.
        is_labeled: Whether a label was applied to it.
        tracks: Its objects, by class and then by track id.
        answers: The answers, by question.
        objects: (R,) number of objects in each frame.
        answered: (R,) whether a question is answered in each frame.
    """

    video: Video
    is_labeled: bool
    tracks: tuple[TrackTimeline, ...]
    answers: tuple[AnswerTimeline, ...]
    objects: NDArray[np.int64]
    answered: NDArray[np.bool_]


def read_timeline(reader: AnnotationReader, video: Video) -> VideoTimeline:
    """Read the timeline of a video; this is fast, because shapes are not read.

    Args:
        reader: Reads the dataset.
        video: The video, its frames in ascending order.
    """
    count = len(video.rows)
    objects = np.zeros(count, dtype=np.int64)
    answered = np.zeros(count, dtype=bool)
    is_labeled = False
    tracks: list[TrackTimeline] = []
    for read in reader.objects(video.rows):
        is_labeled = is_labeled or bool(read.labeled.any())
        objects += read.counts
        collected: dict[tuple[str, int | None], _Places] = {}
        every = zip(read.places.tolist(), read.track_ids.tolist(), read.key_frames, strict=True)
        for index, (place, track_id, is_key_frame) in enumerate(every):
            key = (read.class_name(index), track_id if track_id >= 0 else None)
            places = collected.setdefault(key, _Places([], []))
            places.there.append(place)
            if is_key_frame:
                places.drawn.append(place)
        tracks += [
            TrackTimeline(
                class_name=class_name,
                kind=read.family.kind,
                track_id=track_id,
                spans=tuple(_spans(video, places.there)),
                key_frames=tuple(sorted({int(video.frames[place]) for place in places.drawn})),
                rows=len(set(places.there)),
            )
            for (class_name, track_id), places in collected.items()
        ]
    by_question: dict[str, list[tuple[int, str]]] = {}
    for place, frame in enumerate(reader.answers(video.rows)):
        is_labeled = is_labeled or frame.is_labeled
        answered[place] = bool(frame.answers)
        for answer in frame.answers:
            by_question.setdefault(answer.question, []).append((place, answer.answer))
    order = {name: number for number, name in enumerate(reader.class_names)}
    tracks.sort(key=lambda t: (order.get(t.class_name, len(order)), t.spans[0][0], t.track_id or 0))
    answers = tuple(
        AnswerTimeline(question, tuple(_runs(video, given)))
        for question in reader.questions
        if (given := by_question.get(question))
    )
    return VideoTimeline(video, is_labeled, tuple(tracks), answers, objects, answered)


def object_answer_spans(reader: AnnotationReader, video: Video) -> tuple[AnswerTimeline, ...]:
    """Read the spans in which any object has an answer.

    Args:
        reader: Reads the dataset.
        video: The video, its frames in ascending order.

    Returns:
        The spans of each answer, by question; those of different answers may overlap.
    """
    places: dict[str, dict[str, list[int]]] = {}
    for read in reader.objects(video.rows):
        for question, answers in read.answers.items():
            for place, words in zip(read.places.tolist(), answers.words, strict=True):
                if words:
                    places.setdefault(question, {}).setdefault(words, []).append(place)
    return tuple(
        AnswerTimeline(
            question,
            tuple(
                (first, last, words)
                for words, there in by_words.items()
                for first, last in _spans(video, sorted(there))
            ),
        )
        for question, by_words in places.items()
    )


@dataclass(frozen=True, slots=True)
class _Places:
    """Indices of the video's frames in which a track is visible, and in which it was drawn."""

    there: list[int]
    drawn: list[int]


def _spans(video: Video, places: Sequence[int]) -> Iterator[Span]:
    for start, end, _ in _runs(video, [(place, "") for place in dict.fromkeys(places)]):
        yield start, end


def _runs(video: Video, given: Sequence[tuple[int, str]]) -> Iterator[tuple[int, int, str]]:
    """Join equal values at consecutive places."""
    start = 0
    for index in range(1, len(given) + 1):
        if (
            index == len(given)
            or given[index][1] != given[start][1]
            or given[index][0] != given[index - 1][0] + 1
        ):
            first, last = given[start][0], given[index - 1][0]
            yield int(video.frames[first]), int(video.frames[last]), given[start][1]
            start = index
