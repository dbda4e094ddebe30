"""Reports of a run: its outcome by data row, and what it could not do."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from deeplake_labelbox._counts import counted
from deeplake_labelbox._files import write_json
from deeplake_labelbox._notebook_tables import table
from deeplake_labelbox._video_names import distinct_names
from deeplake_labelbox.errors import ConfigurationError

# A gap is extended only if it is among this many last gaps: few problems occur at the same time.
_LOOK_BACK: Final = 64


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that a run could not do.

    Attributes:
        data_row_id: The data row.
        name: External id of the data row, or the name of its file.
        what: One sentence.
        frame: Its first 1-based frame, or ``None`` for the whole video.
        last_frame: Its last 1-based frame; ``None`` if it is ``frame`` alone.
    """

    data_row_id: str
    name: str
    what: str
    frame: int | None = None
    last_frame: int | None = None

    @property
    def frames(self) -> range:
        """The 1-based frames of the gap; empty for the whole video."""
        if self.frame is None:
            return range(0)
        return range(self.frame, (self.last_frame or self.frame) + 1)

    def __str__(self) -> str:
        """The gap in one line."""
        frames = self.frames
        where = "" if not frames else f", frame {frames[0]}"
        if len(frames) > 1:
            where = f", frames {frames[0]} to {frames[-1]}"
        return f"{self.name} ({self.data_row_id}{where}): {self.what}"


@dataclass(slots=True)
class VideoOutcome:
    """The outcome of one data row.

    Attributes:
        data_row_id: The data row.
        name: Its external id, or the name of its file.
        rows: Rows that were written, or that labels were applied to.
        labeled: Whether a label was applied.
        objects: Number of objects over all rows, by kind of tool.
        gaps: What could not be decoded or applied.
        warnings: Unusual properties of the video that cause no gaps.
    """

    data_row_id: str
    name: str
    rows: int = 0
    labeled: bool = False
    objects: dict[str, int] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def gap(self, what: str, frame: int | None = None, last_frame: int | None = None) -> Gap:
        """Record something that could not be done.

        Args:
            what: One sentence.
            frame: Its first 1-based frame, or ``None`` for the whole video.
            last_frame: Its last 1-based frame, if there are more.

        Returns:
            The new gap. If the frame before has the same gap, that gap, extended.
        """
        last = last_frame or frame
        for index, found in enumerate(reversed(self.gaps[-_LOOK_BACK:]), start=1):
            if found.what == what and frame is not None and frame - 1 in found.frames[-1:]:
                self.gaps[-index] = longer = replace(found, last_frame=last)
                return longer
        gap = Gap(self.data_row_id, self.name, what, frame, last_frame)
        self.gaps.append(gap)
        return gap

    def merge(self, other: VideoOutcome) -> VideoOutcome:
        """Join two outcomes of one data row: of its frames, and of its labels."""
        reported = [gap.what for gap in self.gaps]
        return VideoOutcome(
            self.data_row_id,
            self.name,
            rows=max(self.rows, other.rows),
            labeled=self.labeled or other.labeled,
            objects=other.objects or self.objects,
            # The second run reports missing frames again, in a longer sentence.
            gaps=[*self.gaps, *(g for g in other.gaps if not any(w in g.what for w in reported))],
            warnings=list(dict.fromkeys([*self.warnings, *other.warnings])),
        )


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
        """A line for the run, and a line per gap."""
        counts = {"video": len(self.videos), "row": self.rows, "gap": len(self.gaps)}
        whole = ", ".join(counted(count, noun) for noun, count in counts.items())
        return "\n".join([whole, *map(str, self.gaps)])

    def _repr_html_(self) -> str:
        names = dict(self._short_names())
        videos = table(
            ("video", "rows", "labeled", "objects", "gaps"),
            [
                (
                    names[video.name, video.data_row_id],
                    video.rows,
                    "yes" if video.labeled else "no",
                    ", ".join(f"{count:,} {kind}" for kind, count in video.objects.items()),
                    len(video.gaps),
                )
                for video in self.videos
            ],
        )
        gaps = [
            (
                names.get((gap.name, gap.data_row_id), gap.name),
                "all" if not gap.frames else f"{gap.frames[0]}–{gap.frames[-1]}",  # noqa: RUF001 - of a range
                gap.what,
            )
            for gap in self.gaps
        ]
        return videos + (table(("gap in", "frames", "what"), gaps) if gaps else "")

    def _short_names(self) -> Iterator[tuple[tuple[str, str], str]]:
        keys = [(video.name, video.data_row_id) for video in self.videos]
        yield from zip(keys, distinct_names(keys), strict=True)

    def merge(self, other: Report) -> Report:
        """Join two reports on the same data rows: of their frames, and of their labels.

        A gap that both report appears once.
        """
        merged = {video.data_row_id: video for video in self.videos}
        for video in other.videos:
            known = merged.get(video.data_row_id)
            merged[video.data_row_id] = video if known is None else known.merge(video)
        return Report(list(merged.values()))

    def save(self, path: str | Path) -> None:
        """Write the report as JSON.

        Raises:
            ConfigurationError: If the file cannot be written.
        """
        write_json(path, self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """The report as values of JSON, as `save` writes them."""
        return {"videos": [asdict(video) for video in self.videos]}

    @classmethod
    def load(cls, path: str | Path) -> Report:
        """Read a report that `save` wrote.

        Raises:
            ConfigurationError: If there is no such file, or it is not a report.
        """
        try:
            stored = json.loads(Path(path).read_text("utf-8"))
            return cls([_outcome(**video) for video in stored["videos"]])
        except OSError as error:
            raise ConfigurationError(
                f"The report {path} cannot be read: {error.strerror}; check the path."
            ) from error
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise ConfigurationError(
                f"{path} is not a report of this package; pass a file that Report.save wrote."
            ) from error


def _outcome(*, gaps: Iterable[dict[str, Any]], **fields: Any) -> VideoOutcome:
    return VideoOutcome(gaps=[Gap(**gap) for gap in gaps], **fields)
