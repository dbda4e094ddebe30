"""The lines that are sent for one data row, and the annotations that cannot be sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deeplake_labelbox._formats.annotations import SourceFinding
from deeplake_labelbox._formats.tracks import places


@dataclass(frozen=True, slots=True)
class Member:
    """An annotation by its name in the source: an object, or the answer to a classification."""

    name: str
    track: str | None = None


@dataclass(frozen=True, slots=True)
class ImportLine:
    """A line to send.

    Attributes:
        uuid: Its id.
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
    """The lines and problems of one data row.

    Attributes:
        lines: The lines.
        refused: Annotations that are not sent.
        findings: Annotations that are sent in part, and remarks where no label is missing.
    """

    lines: list[ImportLine] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    findings: list[SourceFinding] = field(default_factory=list)


class FrameProblems:
    """Collects the problems of one object, with their frames.

    Attributes:
        of_class: The problems to report once for all objects of the class.
    """

    def __init__(self) -> None:
        self._frames: dict[str, list[int]] = {}
        self.of_class: set[str] = set()

    def add(self, what: str, frames: NDArray[np.int64]) -> None:
        """Add a problem with its 1-based frames."""
        self._frames.setdefault(what, []).extend(frames.tolist())

    def add_of_class(self, what: str, frames: NDArray[np.int64]) -> None:
        """Add a problem that is reported once for all objects of the class."""
        self.of_class.add(what)
        self.add(what, frames)

    def reason(self) -> str:
        """Join all problems, for an object without any frame left."""
        return "; ".join(f"{what} ({places(frames)})" for what, frames in self)

    def __iter__(self) -> Iterator[tuple[str, list[int]]]:
        """Iterate over the problems with their frames."""
        return iter(self._frames.items())
