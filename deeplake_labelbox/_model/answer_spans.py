"""Compute the answer to a classification in each frame: an answer applies until the next one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._model.annotations import Answer, AnswerOption
from deeplake_labelbox._model.kinds import CLASSIFICATIONS
from deeplake_labelbox._model.visibility import Frames

Segments = Mapping[str, Frames]


@dataclass(frozen=True, slots=True, eq=False)
class HeldAnswers:
    """The answers to one classification in M frames.

    Attributes:
        states: The distinct answers.
        index: (M,) index into ``states`` per frame; -1 without an answer.
    """

    states: Sequence[Answer | None]
    index: NDArray[np.intp]


def has_segments(answer: Answer, segments: Segments) -> bool:
    """Return whether segments are keyed by this answer, or by one of its options."""
    return any(feature_id in segments for feature_id in answer.feature_ids)


def answered_beyond(
    answers: Mapping[int, Answer], segments: Segments, last_frame: int
) -> tuple[int, int] | None:
    """Return the first and last answered frame after ``last_frame``, or ``None``."""
    ids = {feature_id for answer in answers.values() for feature_id in answer.feature_ids}
    spans = chain.from_iterable(segments[i].tolist() for i in ids if i in segments)
    late = [(frame, frame) for frame in answers if frame > last_frame]
    late += [(max(start, last_frame + 1), end) for start, end in spans if end > last_frame]
    return (min(start for start, _ in late), max(end for _, end in late)) if late else None


def held_answers(answers: Mapping[int, Answer], segments: Segments, frames: Frames) -> HeldAnswers:
    """Spread the answers of key frames over the frames between them.

    A frame that carries an answer has this answer. A frame within the segments of the
    classification has the last answer before it. An option that has segments of its own is
    chosen in exactly these. An answer without segments applies to its frame only.

    Args:
        answers: Answer by 1-based frame number, for the frames that carry one.
        segments: By feature id, (S, 2) first and last frame of intervals.
        frames: (M,) the wanted frames, ascending.

    Returns:
        The answers, one per frame of ``frames``.
    """
    if not answers:
        return HeldAnswers((), np.full(len(frames), -1))
    timeline = _AnswerTimeline(answers, segments)
    changes = timeline.changes()
    states: list[Answer | None] = [timeline.at(frame) for frame in changes]
    index = np.searchsorted(np.array(changes, dtype=np.int64), frames, side="right") - 1
    # Frames before the first change have index -1 as well: they have no answer either.
    answered = np.array([state is not None for state in states], dtype=np.bool_)
    return HeldAnswers(states, np.where((index >= 0) & answered[np.maximum(index, 0)], index, -1))


class _AnswerTimeline:
    def __init__(self, answers: Mapping[int, Answer], segments: Segments) -> None:
        self._frames = sorted(answers)
        self._answers = answers
        self._options: dict[str, dict[int, AnswerOption]] = {}
        self._spans: dict[str, Frames] = {}
        ids: set[str] = set()
        for frame in self._frames:
            answer = answers[frame]
            if answer.feature_id in segments:
                ids.add(str(answer.feature_id))
            for option in answer.options:
                if option.feature_id is not None and option.feature_id in segments:
                    self._options.setdefault(option.feature_id, {})[frame] = option
                    self._spans[option.feature_id] = segments[option.feature_id]
        self._option_frames = {key: sorted(found) for key, found in self._options.items()}
        self._own_spans = [segments[feature_id] for feature_id in sorted(ids)]

    def changes(self) -> list[int]:
        """The frames at which the answer may change, ascending."""
        changes = {frame + after for frame in self._frames for after in (0, 1)}
        for spans in (*self._own_spans, *self._spans.values()):
            for start, end in spans:
                changes.update((int(start), int(end) + 1))
        return sorted(changes)

    def at(self, frame: int) -> Answer | None:
        if frame in self._answers:
            return self._answers[frame]
        last = bisect_right(self._frames, frame) - 1
        held: Answer | None = None
        if last >= 0 and _within(self._own_spans, frame):
            held = self._answers[self._frames[last]]
        if not self._options:
            return held
        chosen = [
            self._option_at(feature_id, frame)
            for feature_id, spans in self._spans.items()
            if _within([spans], frame)
        ]
        answer = held or self._answers[self._frames[max(last, 0)]]
        if chosen and CLASSIFICATIONS[answer.kind].has_one:
            chosen = chosen[-1:]
        elif held is not None:
            # Options without segments of their own follow the classification.
            chosen = [o for o in held.options if o.feature_id not in self._spans] + chosen
        if held is None and not chosen:
            return None
        return replace(answer, options=tuple(chosen))

    def _option_at(self, feature_id: str, frame: int) -> AnswerOption:
        """Return the option as last exported before the frame, or else as first exported after."""
        by_frame = self._options[feature_id]
        frames = self._option_frames[feature_id]
        return by_frame[frames[max(bisect_right(frames, frame) - 1, 0)]]


def _within(spans: Sequence[Frames], frame: int) -> bool:
    for starts_and_ends in spans:
        last = int(np.searchsorted(starts_and_ends[:, 0], frame, side="right")) - 1
        if last >= 0 and frame <= starts_and_ends[last, 1]:
            return True
    return False
