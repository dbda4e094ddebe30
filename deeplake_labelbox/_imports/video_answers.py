"""Match the answers of a video to the classifications of its project, global or per frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from deeplake_labelbox._counts import counted
from deeplake_labelbox._formats.annotations import (
    AnswerSpan,
    AnswerValue,
    SourceFinding,
    VideoAnnotations,
)
from deeplake_labelbox._imports.answer_lines import answer_entries, answer_over_time, find_named
from deeplake_labelbox._imports.lines import Member
from deeplake_labelbox._imports.targets import Target
from deeplake_labelbox._model.ontology import Classification

_ONTOLOGY = "the project"


@dataclass(slots=True)
class VideoAnswer:
    """The answer to one classification, and its problems.

    Attributes:
        member: The classification, by its name in the project.
        item: The classification in the ontology; ``None`` if it is missing or of another kind.
        answer: The ``answer`` of the line; ``None`` if nothing can be sent.
        problems: Why the answer or parts of it cannot be sent.
        gap: The frames beyond the end of the video.
    """

    member: Member
    item: Classification | None = None
    answer: Any = None
    problems: list[str] = field(default_factory=list)
    gap: SourceFinding | None = None


def answers_of(
    video: VideoAnnotations,
    target: Target,
    classifications: Sequence[Classification],
    mapped_name: Callable[[str], str],
) -> Iterator[VideoAnswer]:
    """Yield the answers of a video, classification by classification.

    Args:
        video: The video.
        target: Its data row.
        classifications: Those of the project.
        mapped_name: Returns the project's name for a name in the source; empty if it is left out.
    """
    answered: set[str] = set()
    over_time = list(video.frame_answers.items())
    for name, spans in [*over_time, *((name, None) for name in video.global_answers)]:
        if not mapped_name(name):
            continue
        answer = VideoAnswer(Member(mapped_name(name)))
        answer.item = find_named(
            classifications, mapped_name(name), report=answer.problems.append, where=_ONTOLOGY
        )
        if answer.item is None:
            pass
        elif answer.item.name in answered:
            answer.problems.append("something else in the source answers it already")
        elif spans is None:
            _match_global_answer(answer, answer.item, video.global_answers[name], target)
        else:
            _match_frame_answers(answer, answer.item, spans, video, target)
        if answer.item is not None and answer.answer is not None:
            answered.add(answer.item.name)
        yield answer


def _match_global_answer(
    answer: VideoAnswer, item: Classification, value: AnswerValue, target: Target
) -> None:
    if item.scope == "global":
        _set_global_answer(answer, item, value)
    elif target.frame_count is None:
        answer.problems.append("the project asks it per frame; give the frames of the answer")
    else:
        _set_frame_answers(answer, item, [AnswerSpan(1, target.frame_count, value)], target)


def _match_frame_answers(
    answer: VideoAnswer,
    item: Classification,
    spans: Sequence[AnswerSpan],
    video: VideoAnnotations,
    target: Target,
) -> None:
    if item.scope == "index":
        _set_frame_answers(answer, item, spans, target)
    elif _covers_all_frames(spans, video, target):
        _set_global_answer(answer, item, spans[0].answer)
    else:
        answer.problems.append("the project asks it once per video, but the answer changes")


def _covers_all_frames(
    spans: Sequence[AnswerSpan], video: VideoAnnotations, target: Target
) -> bool:
    """Return whether there is a single answer, on all known frames."""
    if len(spans) != 1:
        return False
    known = video.known_frames
    if known is not None:
        return bool(spans[0].start <= known[0] and spans[0].end >= known[-1])
    return spans[0].start == 1 and spans[0].end == target.frame_count


def _set_global_answer(answer: VideoAnswer, item: Classification, value: AnswerValue) -> None:
    entries = answer_entries(
        {item.name: value}, (item,), report=answer.problems.append, where=_ONTOLOGY, deep=True
    )
    answer.answer = entries[0]["answer"] if entries else None


def _set_frame_answers(
    answer: VideoAnswer, item: Classification, spans: Sequence[AnswerSpan], target: Target
) -> None:
    last = target.frame_count
    if last is not None and spans[-1].end > last:
        beyond = [span for span in spans if span.end > last]
        count = counted(last, "frame")
        answer.gap = SourceFinding(
            f"{answer.member.name!r} is answered, but Labelbox's video has {count}",
            max(last + 1, beyond[0].start),
            beyond[-1].end - last,
        )
        spans = [
            AnswerSpan(span.start, min(span.end, last), span.answer)
            for span in spans
            if span.start <= last
        ]
    answer.answer = answer_over_time(item, spans, report=answer.problems.append, where=_ONTOLOGY)
