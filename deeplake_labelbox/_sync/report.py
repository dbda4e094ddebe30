"""Report of the changes of a sync."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal

from deeplake_labelbox._files import write_json
from deeplake_labelbox._notebook_tables import description, table
from deeplake_labelbox._video_names import distinct_names
from deeplake_labelbox.report import Gap

ChangeKind = Literal[
    "video added",
    "video failed",
    "video has more frames",
    "label added",
    "label corrected",
    "label removed",
    "label of an annotator changed",
    "video left the project",
    "video removed",
    "video came back",
    "details changed",
    "ontology changed",
]

_PLURALS: Final[dict[ChangeKind, str]] = {
    "video added": "videos added",
    "video failed": "videos failed",
    "video has more frames": "videos have more frames",
    "label added": "labels added",
    "label corrected": "labels corrected",
    "label removed": "labels removed",
    "label of an annotator changed": "labels of annotators changed",
    "video left the project": "videos left the project",
    "video removed": "videos removed",
    "video came back": "videos came back",
    "details changed": "details changed",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between Labelbox and a dataset.

    Attributes:
        what: Kind of the difference.
        data_row_id: The data row; empty for a change of the ontology.
        name: Name of its video, or a text on the change of the ontology.
        before: The label in the dataset.
        after: The label in Labelbox.
    """

    what: ChangeKind
    data_row_id: str
    name: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class SyncReport:
    """The outcome of `sync_dataset`.

    Attributes:
        project_id: The project.
        project_name: Its name.
        branch: The branch that was updated.
        changes: The differences, in the order of the export.
        gaps: Frames and labels that could not be decoded, applied or matched.
        rows_added: Number of rows that were appended.
        rows_removed: Number of rows that were deleted.
        exported: Number of data rows that were exported.
        version: The version of the branch after the sync; in a dry run, the version that was
            compared.
        committed: Whether there is a new commit.
        merged: Whether the branch was merged into ``main``.
        tag: The tag that was set, if any.
        dry_run: Whether it was a dry run, which writes nothing.
    """

    project_id: str
    project_name: str
    branch: str
    changes: tuple[Change, ...] = ()
    gaps: tuple[Gap, ...] = ()
    rows_added: int = 0
    rows_removed: int = 0
    exported: int = 0
    version: str = ""
    committed: bool = False
    merged: bool = False
    tag: str | None = None
    dry_run: bool = False

    @property
    def summary(self) -> str:
        """Number of changes by kind: ``1 label corrected, 2 videos added``."""
        counts = Counter(change.what for change in self.changes)
        words = [change.name for change in self.changes if change.what == "ontology changed"]
        words += [
            f"{counts[what]} {what if counts[what] == 1 else plural}"
            for what, plural in _PLURALS.items()
            if counts[what]
        ]
        return ", ".join(words) or "nothing changed"

    def __str__(self) -> str:
        """A line for the sync, and a line per gap."""
        return "\n".join(
            [f"{self.project_name} ({self.branch}): {self.summary}", *map(str, self.gaps)]
        )

    def _repr_html_(self) -> str:
        shown = description(
            [
                ("project", self.project_name),
                ("branch", self.branch),
                ("changes", f"would be: {self.summary}" if self.dry_run else self.summary),
                ("rows added", self.rows_added),
                ("rows removed", self.rows_removed),
                ("gaps", len(self.gaps)),
            ]
        )
        if self.changes:
            names = self._names()
            changes = [
                (c.what, names.get(c.data_row_id, c.name), c.before, c.after) for c in self.changes
            ]
            shown += table(("change", "of", "before", "after"), changes)
        if self.gaps:
            gaps = [(self._names().get(gap.data_row_id, gap.name), gap.what) for gap in self.gaps]
            shown += table(("gap in", "what"), gaps)
        return shown

    def _names(self) -> dict[str, str]:
        """Distinct names of the videos of changes and gaps, by data row id."""
        ids = {change.data_row_id: change.name for change in self.changes if change.data_row_id}
        ids |= {gap.data_row_id: gap.name for gap in self.gaps if gap.data_row_id}
        return dict(zip(ids, distinct_names((name, id_) for id_, name in ids.items()), strict=True))

    def save(self, path: str | Path) -> None:
        """Write the report as JSON.

        Raises:
            ConfigurationError: If the file cannot be written.
        """
        write_json(path, asdict(self))
