"""What is sent for one data row, and what is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Member:
    """An annotation, as its source names it: an object, or the answer to a classification."""

    name: str
    track: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is sent.

    Attributes:
        uuid: Its identity.
        members: The annotations in it: one, or all masks of the video.
        content: The JSON object.
    """

    uuid: str
    members: tuple[Member, ...]
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Refusal:
    """An annotation that is not sent, and why."""

    member: Member
    reason: str


@dataclass(slots=True)
class VideoPayload:
    """What is sent for one data row.

    Attributes:
        lines: The lines.
        refused: What is not sent.
        gaps: What is sent in part: a sentence, the first frame, and how many frames.
        notes: What is odd though no label is missing, likewise.
    """

    lines: list[Line] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    gaps: list[tuple[str, int | None, int]] = field(default_factory=list)
    notes: list[tuple[str, int | None, int]] = field(default_factory=list)
