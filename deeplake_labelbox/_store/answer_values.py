"""Convert answers to the values of their columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._model.annotations import Answer, Track, VideoLabel
from deeplake_labelbox._model.answer_spans import HeldAnswers, Segments, has_segments, held_answers
from deeplake_labelbox._model.ontology import Classification, Tool, find_classification
from deeplake_labelbox._model.visibility import Frames, VisibleFrames
from deeplake_labelbox._store.columns import AnswerColumn, AnswerSource

NOT_ANSWERED = -1


@dataclass(frozen=True, slots=True, eq=False)
class ObjectAnswers:
    """The answers of one object, one entry per visible frame (M).

    Attributes:
        numbers: (M,) int32 class, -1 if not answered, or (M, classes) uint8; ``None`` for text.
        texts: M texts, ``""`` if not answered; ``None`` for numbers.
    """

    numbers: NDArray[np.int32] | NDArray[np.uint8] | None = None
    texts: Sequence[str] | None = None


def object_answers(
    column: AnswerColumn, tool: Tool, track: Track, visible: VisibleFrames, segments: Segments
) -> ObjectAnswers:
    """Return the answers of an object for a column.

    Args:
        column: The column.
        tool: The object's tool; only classifications below it are used.
        track: The object.
        visible: Its visible frames.
        segments: The label's segments by feature id.

    Returns:
        One answer per visible frame.
    """
    held = [
        (source, _held_below(source, track, visible, segments))
        for source in column.sources
        if source.tool is tool
    ]
    if not column.has_options:
        if not held:
            return ObjectAnswers(texts=[""] * len(visible.frames))
        per_source = [_texts(answers) for _, answers in held]
        return ObjectAnswers(texts=["\n".join(filter(None, texts)) for texts in zip(*per_source)])  # noqa: B905 - equal by construction
    if column.multiple:
        chosen = np.zeros((len(visible.frames), len(column.class_names)), dtype=np.uint8)
        for source, answers in held:
            rows = np.zeros((len(answers.states) + 1, chosen.shape[1]), dtype=np.uint8)
            for row, state in enumerate(answers.states):
                rows[row, list(_classes(source, state))] = 1
            chosen |= rows[answers.index]
        return ObjectAnswers(numbers=chosen)
    number = np.full(len(visible.frames), NOT_ANSWERED, dtype=np.int32)
    for source, answers in held:  # one at most, as the column is not multiple
        # The last entry is the value of unanswered frames, whose index is -1.
        per_state = [next(iter(_classes(source, state)), NOT_ANSWERED) for state in answers.states]
        number = np.array([*per_state, NOT_ANSWERED], dtype=np.int32)[answers.index]
    return ObjectAnswers(numbers=number)


def frame_answers(
    column: AnswerColumn, label: VideoLabel, frames: Frames
) -> list[NDArray[np.int32]] | list[str]:
    """Return the answers to frame and global classifications for a column.

    Args:
        column: The column.
        label: The label.
        frames: (R,) the frames, ascending.

    Returns:
        For text one text per frame, else one (n,) int32 array of classes per frame.
    """
    per_source: list[list[tuple[int, ...]] | list[str]] = []
    for source in column.sources:
        held = _held_in_frames(_root(source), label, frames)
        states = [None if state is None else source.find((state,)) for state in held.states]
        held = HeldAnswers(states, held.index)
        if not column.has_options:
            per_source.append(_texts(held))
        else:
            classes = [*(tuple(_classes(source, state)) for state in states), ()]
            per_source.append([classes[index] for index in held.index])
    if not column.has_options:
        return ["\n".join(filter(None, texts)) for texts in zip(*per_source, strict=True)]
    arrays: dict[tuple[int, ...], NDArray[np.int32]] = {}
    values = []
    for parts in zip(*per_source, strict=True):
        # In the order of the classes, because the order in exports differs.
        chosen = tuple(sorted(set(chain.from_iterable(parts))))
        if chosen not in arrays:
            arrays[chosen] = np.array(chosen, dtype=np.int32)
        values.append(arrays[chosen])
    return values


def unknown_answers(
    answers: Iterable[Answer], classifications: tuple[Classification, ...]
) -> Iterator[str]:
    """Name the answers that are not in the ontology."""
    for answer in answers:
        index = find_classification(classifications, answer.feature)
        name = answer.feature.name or answer.feature.value or answer.feature.feature_schema_id
        if index is None:
            yield f"classification {name!r}"
            continue
        classification = classifications[index]
        if classification.kind != answer.kind:
            yield f"{answer.kind} {name!r} (a {classification.kind} in the ontology)"
            continue
        for option in answer.options:
            option_index = classification.option(option.feature)
            if option_index is None:
                yield f"option {option.feature.name or option.feature.value!r} of {name!r}"
            else:
                yield from unknown_answers(
                    option.answers, classification.options[option_index].classifications
                )


def _held_below(
    source: AnswerSource, track: Track, visible: VisibleFrames, segments: Segments
) -> HeldAnswers:
    # The parser returns one object for an unchanged answer, so there are few to search.
    first = [
        index
        for index, answers in enumerate(track.answers)
        if index == 0 or answers is not track.answers[index - 1]
    ]
    run = np.searchsorted(first, np.arange(len(track.answers)), side="right") - 1
    found = [source.find(track.answers[index]) for index in first]
    if not any(answer is not None and has_segments(answer, segments) for answer in found):
        return HeldAnswers(found, np.where(visible.answered < 0, -1, run[visible.answered]))
    by_frame = {
        int(frame): answer
        for frame, index in zip(track.frames, run, strict=True)
        if (answer := found[index]) is not None
    }
    return held_answers(by_frame, segments, visible.frames)


def _held_in_frames(root: Classification, label: VideoLabel, frames: Frames) -> HeldAnswers:
    by_frame: dict[int, Answer] = {}
    for track in label.frame_answers:
        # Several if only some frames carry the classification's schema id.
        if find_classification((root,), track.feature) is not None:
            by_frame |= track.answers
    held = held_answers(by_frame, label.segments, frames)
    everywhere = next(
        (a for a in label.global_answers if find_classification((root,), a.feature) is not None),
        None,
    )
    if everywhere is None:
        return held
    return HeldAnswers(
        [*held.states, everywhere],
        np.where(held.index < 0, len(held.states), held.index),
    )


def _root(source: AnswerSource) -> Classification:
    return source.path[0][0] if source.path else source.classification


def _classes(source: AnswerSource, answer: Answer | None) -> Iterator[int]:
    for option in answer.options if answer else ():
        index = source.classification.option(option.feature)
        if index is not None:
            yield source.classes[index]


def _texts(held: HeldAnswers) -> list[str]:
    texts = [*((state.text or "") if state else "" for state in held.states), ""]
    return [texts[index] for index in held.index]
