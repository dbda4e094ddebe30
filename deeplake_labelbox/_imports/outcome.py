"""Keep the outcome of an import for each annotation; Labelbox's own files expire after a day."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal

from deeplake_labelbox._counts import counted, some_of
from deeplake_labelbox._files import write_json
from deeplake_labelbox._video_names import distinct_names
from deeplake_labelbox.errors import AnnotationSourceError
from deeplake_labelbox.report import Gap

_TRACKS_SHOWN: Final = 5

ImportKind = Literal["ground-truth", "pre-labels"]

AnnotationStatus = Literal["accepted", "refused", "skipped", "unknown", "not sent"]
"""``accepted`` and ``refused`` by Labelbox, or refused before sending; ``skipped``: the data row
has labels or pre-labels already; ``unknown``: sent, but Labelbox's statuses have expired; ``not
sent``: a dry run."""


@dataclass(frozen=True, slots=True)
class AnnotationOutcome:
    """The outcome of one annotation.

    Attributes:
        data_row_id: Its data row, or ``None`` if the project has no such data row.
        data_row: External id of the data row, or the name of the video in the source.
        name: Tool or classification.
        track: Name of the object in the source; ``None`` for answers.
        status: See `AnnotationStatus`.
        reason: Why it was refused or skipped.
        uuid: Id of the line that it was sent in.
        import_name: Name of the import in Labelbox.
    """

    data_row_id: str | None
    data_row: str
    name: str
    track: str | None
    status: AnnotationStatus
    reason: str | None = None
    uuid: str | None = None
    import_name: str | None = None

    def __str__(self) -> str:
        """The outcome in one line."""
        track = "" if self.track is None else f" {self.track}"
        reason = "" if self.reason is None else f": {self.reason}"
        return f"{self.data_row}, {self.name!r}{track}: {self.status}{reason}"


@dataclass(frozen=True, slots=True)
class ImportedFile:
    """One import in Labelbox.

    Attributes:
        name: Its name, unique in the project.
        state: ``FINISHED`` or ``FAILED``.
        lines: Number of its lines.
        sent: Whether this run sent it; ``False`` if an earlier run did.
    """

    name: str
    state: str
    lines: int
    sent: bool


@dataclass(slots=True)
class ImportResult:
    """The outcome of an import.

    Attributes:
        project_id: The project.
        kind: Ground truth or pre-labels.
        annotations: The outcome of each annotation; those refused before sending come first.
        gaps: Annotations that were imported in part, by data row and frame.
        files: The imports in Labelbox.
        notes: Remarks where no label is missing, by data row and frame.
    """

    project_id: str
    kind: ImportKind
    annotations: list[AnnotationOutcome] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    files: list[ImportedFile] = field(default_factory=list)
    notes: list[Gap] = field(default_factory=list)

    @property
    def accepted(self) -> list[AnnotationOutcome]:
        """The annotations that Labelbox accepted."""
        return self.with_status("accepted")

    @property
    def refused(self) -> list[AnnotationOutcome]:
        """The annotations that were refused, by Labelbox or before sending."""
        return self.with_status("refused")

    @property
    def skipped(self) -> list[AnnotationOutcome]:
        """The annotations that were not sent because their data row has labels or pre-labels."""
        return self.with_status("skipped")

    @property
    def sent(self) -> int:
        """How many lines this run sent."""
        return sum(file.lines for file in self.files if file.sent)

    @property
    def summary(self) -> str:
        """The number of annotations by status, in one line."""
        counts = Counter(outcome.status for outcome in self.annotations)
        lines = ", ".join(f"{count:,} {status}" for status, count in sorted(counts.items()))
        rows = len({(outcome.data_row_id, outcome.data_row) for outcome in self.annotations})
        return (
            f"{counted(len(self.annotations), 'annotation')} of {counted(rows, 'data row')}: "
            f"{lines or 'none'}"
        )

    @property
    def earlier(self) -> str:
        """The number of imports that an earlier run sent, in words; empty if there are none."""
        count = sum(not file.sent for file in self.files)
        sent = "was sent" if count == 1 else "were sent"
        of = counted(len(self.files), "import")
        return f"{count:,} of {of} {sent} by an earlier run" if count else ""

    def with_status(self, status: AnnotationStatus) -> list[AnnotationOutcome]:
        """The annotations with a status."""
        return [outcome for outcome in self.annotations if outcome.status == status]

    def __iter__(self) -> Iterator[AnnotationOutcome]:
        """The outcomes by annotation."""
        return iter(self.annotations)

    def __str__(self) -> str:
        """Return a summary, then a line for each reason of refusals, each gap and each note."""
        head = f"{self.summary}; {self.earlier}" if self.earlier else self.summary
        lines = map(str, (*self.gaps, *self.notes))
        return "\n".join([head, *grouped_lines(self.refused), *lines])

    def save(self, path: str | Path) -> None:
        """Write the result as JSON; the file is replaced once it is complete.

        Raises:
            ConfigurationError: If the file cannot be written.
        """
        write_json(path, asdict(self))

    @classmethod
    def load(cls, path: str | Path) -> ImportResult:
        """Read a saved result.

        Raises:
            AnnotationSourceError: If the file is not a saved result.
        """
        try:
            content: dict[str, Any] = json.loads(Path(path).read_text("utf-8"))
            return cls(
                project_id=content["project_id"],
                kind=content["kind"],
                annotations=[AnnotationOutcome(**entry) for entry in content["annotations"]],
                gaps=[Gap(**entry) for entry in content["gaps"]],
                files=[ImportedFile(**entry) for entry in content["files"]],
                notes=[Gap(**entry) for entry in content.get("notes", [])],
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise AnnotationSourceError(
                f"{path} is not a saved result of an import ({error!r})."
            ) from error


def grouped_lines(outcomes: Iterable[AnnotationOutcome]) -> Iterator[str]:
    """Describe outcomes; those of a data row and class with the same reason share a line."""
    outcomes = list(outcomes)
    rows = list(dict.fromkeys((each.data_row, each.data_row_id or "") for each in outcomes))
    names = dict(zip(rows, distinct_names(rows), strict=True))
    alike: dict[tuple[str, str, str, str | None], list[AnnotationOutcome]] = {}
    for outcome in outcomes:
        name = names[outcome.data_row, outcome.data_row_id or ""]
        key = (name, outcome.name, outcome.status, outcome.reason)
        alike.setdefault(key, []).append(replace(outcome, data_row=name))
    for group in alike.values():
        first = group[0]
        tracks = [outcome.track for outcome in group if outcome.track is not None]
        if len(tracks) < len(group) or len(group) == 1:
            yield from map(str, group)
            continue
        yield str(replace(first, track=some_of(tracks, _TRACKS_SHOWN)))
