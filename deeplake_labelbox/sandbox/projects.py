"""Define the public interface to a project of the sandbox."""

from __future__ import annotations

import copy
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deeplake_labelbox.sandbox.errors import SandboxError
from deeplake_labelbox.sandbox.labeling import Labeling
from deeplake_labelbox.sandbox.ontology import complete, with_known_ids
from deeplake_labelbox.sandbox.removal import unassign
from deeplake_labelbox.sandbox.rows import SandboxDataRow, checked_status
from deeplake_labelbox.sandbox.store import (
    AssignmentRecord,
    BatchRecord,
    DataRowRecord,
    DatasetRecord,
    ProjectRecord,
    WorkflowStatus,
    list_later,
    now,
)
from deeplake_labelbox.sandbox.video_probe import media_attributes as probe

if TYPE_CHECKING:
    from datetime import datetime

    from deeplake_labelbox.sandbox.export_rendering import FileUrls
    from deeplake_labelbox.sandbox.store import Store

_DEFAULT_BATCH = "batch"


class SandboxProject:
    """A project of the sandbox, to which videos and labels can be added."""

    def __init__(self, store: Store, urls: FileUrls, record: ProjectRecord) -> None:
        self._store = store
        self._urls = urls
        self._record = record

    @property
    def id(self) -> str:
        """The project's id."""
        return self._record.id

    @property
    def project_id(self) -> str:
        """The project's id."""
        return self._record.id

    @property
    def name(self) -> str:
        """The project's name."""
        return self._record.name

    @property
    def ontology_id(self) -> str | None:
        """The id of the connected ontology."""
        return self._record.ontology_id

    @property
    def ontology_normalized(self) -> dict[str, Any]:
        """The connected ontology, complete with ids and colors."""
        normalized = self._store.ontologies[self._record.ontology_id or ""].normalized
        return copy.deepcopy(normalized)

    @property
    def data_rows(self) -> tuple[SandboxDataRow, ...]:
        """The data rows of the project, in the order of their addition."""
        return tuple(
            SandboxDataRow(self._store, self._urls, self._record, self._store.data_rows[row_id])
            for row_id in self._record.assignments
        )

    def add_video(
        self,
        video: str | Path | bytes | None = None,
        *,
        external_id: str | None = None,
        global_key: str | None = None,
        private: bool = False,
        media_attributes: dict[str, Any] | None = None,
        row_data: str | None = None,
        workflow_status: WorkflowStatus = "DONE",
        batch: str | None = None,
        dataset: str | None = None,
        created_at: datetime | None = None,
        metadata_fields: list[dict[str, Any]] | None = None,
        attachments: list[dict[str, Any]] | None = None,
    ) -> SandboxDataRow:
        """Add a video to the project.

        Args:
            video: Path of a file, or its bytes. Not needed with ``row_data``.
            external_id: Usually a file name; need not be unique.
            global_key: Unique in the sandbox.
            private: Whether the video needs the API key. Otherwise its URL is signed, and sending
                the key is an error.
            media_attributes: The media attributes in exports; read from the file by default.
            row_data: A URL or path that exports contain unchanged; the sandbox then serves no file.
            workflow_status: The step of the project's workflow that the data row is in.
            batch: Name of its batch; created if it does not exist.
            dataset: Name of its dataset; created if it does not exist; by default the project's
                name.
            created_at: When the data row was created; now by default.
            metadata_fields: Exported unchanged, if the export asks for them.
            attachments: Exported unchanged, if the export asks for them.

        Raises:
            SandboxError: There is no such file, neither a video nor ``row_data`` was given,
                or the global key is taken.
        """
        if video is None and row_data is None:
            raise SandboxError("A data row needs a video or row_data; give one of them.")
        if global_key is not None and self._store.is_taken(global_key):
            raise SandboxError(f"Global key '{global_key}' is taken; give another.")
        checked_status(workflow_status)
        row_id = self._store.identifiers.new()
        file = None if video is None else self._file(row_id, video)
        name = file.name if isinstance(video, str | Path) and file else external_id or "video.mp4"
        if media_attributes is None:
            media_attributes = probe(file) if file else {}
        moment = created_at or now()
        with self._store.lock:
            row = DataRowRecord(
                id=row_id,
                dataset_id=self._dataset(dataset or self.name).id,
                created_at=moment,
                created_by=self._store.user.email,
                file=file,
                file_name=Path(name).name,
                private=private,
                external_url=row_data,
                external_id=external_id,
                global_key=global_key,
                media_attributes=copy.deepcopy(media_attributes),
                metadata_fields=copy.deepcopy(metadata_fields or []),
                attachments=self._store.identifiers.identified(copy.deepcopy(attachments or [])),
            )
            list_later(self._store, row)
            assigned = self._batch(batch or _DEFAULT_BATCH)
            assigned.data_row_ids.append(row_id)
            self._store.data_rows[row_id] = row
            assignment = AssignmentRecord(row_id, assigned.id, workflow_status, moment)
            self._record.assignments[row_id] = assignment
            list_later(self._store, assignment)
        return SandboxDataRow(self._store, self._urls, self._record, row)

    def remove_video(self, row: SandboxDataRow | str) -> None:
        """Remove a data row (or the one with this id) and its labels from the project.

        Raises:
            SandboxError: It is not in the project.
        """
        row_id = row if isinstance(row, str) else row.id
        with self._store.lock:
            if row_id not in self._record.assignments:
                raise SandboxError(f"Project '{self.name}' has no data row '{row_id}'.")
            self._store.lag.later("deletions", partial(unassign, self._store, self._record, row_id))

    def update_ontology(self, ontology_normalized: dict[str, Any]) -> None:
        """Change the connected ontology; features that keep their id or name stay the same.

        Objects and answers of removed features disappear from the labels, as when a feature is
        deleted in Labelbox.

        Raises:
            SandboxError: The ontology is invalid, or none is connected.
        """
        ontology = self._store.ontologies.get(self._record.ontology_id or "")
        if ontology is None:
            raise SandboxError(f"Project '{self.name}' has no ontology to change.")
        with self._store.lock:
            kept = with_known_ids(ontology_normalized, ontology.normalized)
            ontology.normalized = complete(kept, self._store.identifiers)
            for assignment in self._record.assignments.values():
                Labeling(self._store, self._record, assignment).follow_ontology()
            self._record.updated_at = now()

    def __repr__(self) -> str:
        return f"SandboxProject({self.id!r}, name={self.name!r})"

    def _file(self, row_id: str, video: str | Path | bytes) -> Path:
        if isinstance(video, bytes):
            file = self._store.folder / row_id
            file.write_bytes(video)
            return file
        file = Path(video).absolute()
        if not file.is_file():
            raise SandboxError(f"There is no file {file}; give the path of a video.")
        return file

    def _dataset(self, name: str) -> DatasetRecord:
        for record in self._store.datasets.values():
            if record.name == name and not record.deleted:
                return record
        record = DatasetRecord(self._store.identifiers.new(), name, now())
        self._store.datasets[record.id] = record
        return record

    def _batch(self, name: str) -> BatchRecord:
        for record in self._store.batches.values():
            if record.name == name and record.project_id == self.id:
                return record
        record = BatchRecord(self._store.identifiers.new(), self.id, name, now())
        self._store.batches[record.id] = record
        return record
