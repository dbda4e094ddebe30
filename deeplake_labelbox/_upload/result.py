"""Result of an upload."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from deeplake_labelbox._counts import counted

RefusedBy = Literal["preflight", "labelbox", "duplicate"]


@dataclass(frozen=True, slots=True)
class UploadedDataRow:
    """A video that is a data row of the project.

    Attributes:
        path: The given path or URL; not part of the repr, as it may be signed.
        data_row_id: Its id in Labelbox.
        global_key: Its global key.
        created: Whether this call created it; otherwise it existed before.
        name: The path or URL without its query.
    """

    path: str = field(repr=False)
    data_row_id: str
    global_key: str
    created: bool
    name: str


@dataclass(frozen=True, slots=True)
class RefusedVideo:
    """A video that did not become a data row of the project.

    Attributes:
        path: The given path or URL; not part of the repr, as it may be signed.
        by: What refused it: the check before the upload (``"preflight"``), Labelbox, or
            ``duplicates="skip"``.
        reason: The reason; Labelbox's own is not changed.
        name: The path or URL without its query.
    """

    path: str = field(repr=False)
    by: RefusedBy
    reason: str
    name: str

    def __str__(self) -> str:
        """The refusal in one line."""
        return self.reason if self.name in self.reason else f"{self.name}: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotationProject:
    """A Labelbox project with its videos.

    Attributes:
        project_id: Id of the project.
        project_name: Its name.
        dataset_id: Id of the Labelbox dataset of new data rows.
        dataset_name: Its name.
        ontology_id: Id of the connected ontology, or None.
        editor_url: The project's page in Labelbox.
        data_rows: The videos that are in the project, in the given order.
        refused: The videos that are not, with the reasons.
        batch_ids: Batches that this call created; none if all data rows were already in the
            project.
        warnings: What to check: files that Labelbox may show wrongly, a project without ontology,
            signed URLs that will expire.
    """

    project_id: str
    project_name: str
    dataset_id: str
    dataset_name: str
    ontology_id: str | None
    editor_url: str
    data_rows: tuple[UploadedDataRow, ...]
    refused: tuple[RefusedVideo, ...] = ()
    batch_ids: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def created(self) -> tuple[UploadedDataRow, ...]:
        """The data rows that this call created."""
        return tuple(row for row in self.data_rows if row.created)

    @property
    def global_keys(self) -> dict[str, str]:
        """Global key by path or URL, as it was given."""
        return {row.path: row.global_key for row in self.data_rows}

    @property
    def data_row_ids(self) -> dict[str, str]:
        """Data row id by path or URL, as it was given."""
        return {row.path: row.data_row_id for row in self.data_rows}

    def __str__(self) -> str:
        """Return a line for the upload, and a line for each refusal and warning."""
        whole = (
            f"{self.project_name} ({self.project_id}): {counted(len(self.data_rows), 'video')}, "
            f"{len(self.created)} of them new, {len(self.refused)} refused; {self.editor_url}"
        )
        return "\n".join([whole, *map(str, self.refused), *self.warnings])
