"""The result of `compare_labels`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deeplake_labelbox._compare.changes import HEAD, FrameChanges, VideoChanges
from deeplake_labelbox._counts import counted
from deeplake_labelbox._files import write_json
from deeplake_labelbox._notebook_tables import table

if TYPE_CHECKING:
    from deeplake_labelbox._compare.pictures import FramePictures


@dataclass(frozen=True, slots=True)
class LabelComparison:
    """The differences of two sets of labels.

    Attributes:
        first: Name of the first labels.
        second: Name of the second labels.
        videos: The videos that were compared.
        changes: Runs of frames with the same differences: most differences first, then the longest.
        notes: What was not compared, and why.
    """

    first: str
    second: str
    videos: tuple[VideoChanges, ...]
    changes: tuple[FrameChanges, ...]
    notes: tuple[str, ...]
    _pictures: FramePictures = field(repr=False, compare=False)

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return bool(self.changes)

    @property
    def summary(self) -> str:
        """Number of frames with differences, in one line."""
        videos = counted(len(self.videos), "video")
        frames = counted(sum(video.frames for video in self.videos), "frame")
        changed = sum(video.changed_frames for video in self.videos)
        if not changed:
            return f"No difference in {frames} of {videos}"
        return f"Differences in {changed:,} of {frames} of {videos}"

    def to_dict(self) -> dict[str, Any]:
        """The comparison as JSON values."""
        return {
            "first": self.first,
            "second": self.second,
            "videos": [asdict(video) for video in self.videos],
            "changes": [asdict(change) for change in self.changes],
            "notes": list(self.notes),
        }

    def save(self, path: str | Path) -> None:
        """Write the comparison as JSON.

        Raises:
            ConfigurationError: If the file cannot be written.
        """
        write_json(path, self.to_dict())

    def write_page(self, path: str | Path, *, worst: int = 24, progress: bool = True) -> None:
        """Write an HTML page with the worst frames side by side; it needs no server.

        Args:
            path: The file.
            worst: Number of frames to show.
            progress: Whether to show a progress bar.

        Raises:
            ConfigurationError: If the file cannot be written.
        """
        from deeplake_labelbox._compare.page import write_comparison_page  # noqa: PLC0415 - imports Pillow

        write_comparison_page(self, self._pictures, path, worst=worst, progress=progress)

    def to_markdown(self, *, worst: int = 20) -> str:
        """The comparison in Markdown, for a pull request.

        Args:
            worst: Number of runs of frames to list.
        """
        lines = [f"**{_escaped(self.first)}** → **{_escaped(self.second)}**: {self.summary}."]
        if self.changes:
            rows = [video.row for video in self.videos if video.changed_frames]
            lines += ["", *_markdown_table(HEAD, rows, numbers=4)]
        if shown := self.changes[:worst]:
            cells = [(change.video, change.frames, change.words) for change in shown]
            lines += ["", *_markdown_table(("video", "worst frames", "differences"), cells)]
        if (more := len(self.changes) - len(shown)) > 0:
            lines += ["", f"And {counted(more, 'more run')} of frames."]
        if self.notes:
            lines += ["", *(f"- {_escaped(note)}" for note in self.notes)]
        return "\n".join(lines)

    def __str__(self) -> str:
        """The summary, and a line for each run of frames and note."""
        head = f"{self.first} → {self.second}: {self.summary}"
        return "\n".join([head, *map(str, self.changes), *self.notes])

    def _repr_html_(self) -> str:
        caption = table(("first", "second", ""), [(self.first, self.second, self.summary)])
        shown = [video.row for video in self.videos if video.changed_frames]
        runs = [(change.video, change.frames, change.words) for change in self.changes]
        tables = (table(HEAD, shown), table(("video", "worst frames", "differences"), runs))
        return "".join([caption, *(tables if runs else ())])


def _markdown_table(
    head: Sequence[str], rows: Iterable[Sequence[Any]], *, numbers: int = 0
) -> list[str]:
    """Build a Markdown table; the last columns may be numbers."""
    ruler = ["---"] * (len(head) - numbers) + ["---:"] * numbers
    body = [[_escaped(f"{c:,}" if isinstance(c, int) else c) for c in row] for row in rows]
    return [f"| {' | '.join(cells)} |" for cells in ([*head], ruler, *body)]


def _escaped(text: str) -> str:
    """Escape text for Markdown, and put it on one line."""
    return re.sub(r"([\\`*_\[\]<>|&#~@])", r"\\\1", " ".join(text.split()))
