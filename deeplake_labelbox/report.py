"""What a run did, and what it could not do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that a run could not do.

    Attributes:
        data_row_id: The data row it concerns.
        name: External id of the data row, or the name of its file.
        what: One sentence.
        frame: First 1-based frame it concerns, or ``None`` for the whole video.
    """

    data_row_id: str
    name: str
    what: str
    frame: int | None = None

    def __str__(self) -> str:
        """The gap in one line."""
        frame = "" if self.frame is None else f", frame {self.frame}"
        return f"{self.name} ({self.data_row_id}{frame}): {self.what}"


@dataclass(slots=True)
class VideoOutcome:
    """What became of one data row.

    Attributes:
        data_row_id: The data row.
        name: Its external id, or the name of its file.
        rows: Rows that were written, or that labels were applied to.
        labelled: Whether a label was applied.
        objects: Number of objects over all rows, by kind of tool.
        gaps: What could not be had.
        warnings: What is odd about the video, though nothing is missing for it.
    """

    data_row_id: str
    name: str
    rows: int = 0
    labelled: bool = False
    objects: dict[str, int] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def gap(self, what: str, frame: int | None = None) -> Gap:
        """Note something that could not be done."""
        gap = Gap(self.data_row_id, self.name, what, frame)
        self.gaps.append(gap)
        return gap


@dataclass(slots=True)
class Report:
    """The outcome of a run, by data row.

    Attributes:
        videos: One outcome per data row, in the order of the export.
    """

    videos: list[VideoOutcome] = field(default_factory=list)

    @property
    def gaps(self) -> list[Gap]:
        """Everything that could not be done, in order."""
        return [gap for video in self.videos for gap in video.gaps]

    @property
    def rows(self) -> int:
        """Rows of all videos."""
        return sum(video.rows for video in self.videos)

    @property
    def objects(self) -> dict[str, int]:
        """Number of objects over all rows, by kind of tool."""
        total: dict[str, int] = {}
        for video in self.videos:
            for kind, count in video.objects.items():
                total[kind] = total.get(kind, 0) + count
        return total

    def __iter__(self) -> Iterator[VideoOutcome]:
        """The outcomes by data row."""
        return iter(self.videos)

    def __str__(self) -> str:
        """A line for the whole, and a line per gap."""
        return "\n".join(
            [
                f"{len(self.videos)} videos, {self.rows} rows, {len(self.gaps)} gaps",
                *map(str, self.gaps),
            ]
        )

    def save(self, path: str | Path) -> None:
        """Write the report as JSON."""
        Path(path).write_text(
            json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n", "utf-8"
        )
