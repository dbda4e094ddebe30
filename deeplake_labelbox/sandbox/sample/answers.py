"""Define answers to the questions of the sample ontology, as plain data.

The import NDJSON form of each is that of Labelbox's video import
(https://docs.labelbox.com/reference/import-video-annotations).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

FrameRange: TypeAlias = tuple[int, int]
"""First and last frame, 1-based, both included."""


@dataclass(frozen=True, slots=True)
class Radio:
    """One option of a radio question, with the answers below that option."""

    name: str
    option: str
    nested: tuple[Answer, ...] = ()

    def to_answer(self) -> dict[str, Any]:
        """The value of ``answer`` in the import NDJSON."""
        answer: dict[str, Any] = {"name": self.option}
        if self.nested:
            answer["classifications"] = [nested.to_ndjson() for nested in self.nested]
        return answer

    def to_ndjson(self) -> dict[str, Any]:
        """The whole classification in the import NDJSON."""
        return {"name": self.name, "answer": self.to_answer()}


@dataclass(frozen=True, slots=True)
class Checklist:
    """The checked options of a checklist question."""

    name: str
    options: tuple[str, ...]

    def to_ndjson(self) -> dict[str, Any]:
        """The whole classification in the import NDJSON."""
        return {"name": self.name, "answer": [{"name": option} for option in self.options]}


@dataclass(frozen=True, slots=True)
class Text:
    """The answer to a free-text question."""

    name: str
    content: str

    def to_ndjson(self) -> dict[str, Any]:
        """The whole classification in the import NDJSON."""
        return {"name": self.name, "answer": self.content}


Answer: TypeAlias = Radio | Checklist | Text


@dataclass(frozen=True, slots=True)
class FrameAnswer:
    """An answer on some frames only.

    Attributes:
        answer: The answer; a checklist names one or more options that share these frames.
        frames: Disjoint ranges of 1-based frames, both ends included, in order.
    """

    answer: Answer
    frames: tuple[FrameRange, ...]

    def covers(self, frame: int) -> bool:
        """Return whether ``frame`` (1-based) has the answer."""
        return any(start <= frame <= end for start, end in self.frames)

    def to_answers(self) -> list[dict[str, Any]]:
        """The entries of ``answer`` in the import NDJSON, each with its own frames."""
        frames = [{"start": start, "end": end} for start, end in self.frames]
        match self.answer:
            case Radio():
                return [{**self.answer.to_answer(), "frames": frames}]
            case Checklist():
                return [{"name": option, "frames": frames} for option in self.answer.options]
            case Text():
                return [{"value": self.answer.content, "frames": frames}]
