"""The faces of what a sandbox holds: projects, data rows and labels."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from deeplake_labelbox.errors import ConfigurationError
from deeplake_labelbox.sandbox.annotation_input import read_annotations
from deeplake_labelbox.sandbox.ontology import complete
from deeplake_labelbox.sandbox.store import (
    AssignmentRecord,
    BatchRecord,
    DataRowRecord,
    DatasetRecord,
    LabelRecord,
    OntologyRecord,
    ProjectRecord,
    WorkflowStatus,
    now,
)
from deeplake_labelbox.sandbox.video_probe import media_attributes as probe

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from deeplake_labelbox.sandbox.content import ClassificationSegments, MaskFormat
    from deeplake_labelbox.sandbox.export_rendering import FileUrls
    from deeplake_labelbox.sandbox.store import Store

_DEFAULT_BATCH = "batch"


class SandboxLabel:
    """A label of a data row."""

    def __init__(self, record: LabelRecord) -> None:
        self._record = record

    @property
    def id(self) -> str:
        """The label's id."""
        return self._record.id

    def __repr__(self) -> str:
        return f"SandboxLabel({self.id!r})"


class SandboxDataRow:
    """A data row in a project."""

    def __init__(
        self, store: Store, urls: FileUrls, project: ProjectRecord, record: DataRowRecord
    ) -> None:
        self._store = store
        self._urls = urls
        self._project = project
        self._record = record

    @property
    def id(self) -> str:
        """The data row's id."""
        return self._record.id

    @property
    def row_data(self) -> str:
        """The URL of the video, as exports give it."""
        return self._urls.row_data(self._record)

    @property
    def external_id(self) -> str | None:
        """The external id, mostly a file name."""
        return self._record.external_id

    @property
    def global_key(self) -> str | None:
        """The key that is unique in the organization."""
        return self._record.global_key

    @property
    def media_attributes(self) -> dict[str, Any]:
        """Size, frame rate, frame count and type of the video."""
        return self._record.media_attributes

    @property
    def batch_id(self) -> str:
        """The batch that brought the data row into the project."""
        return self._assignment.batch_id

    @property
    def selected_label_id(self) -> str | None:
        """The label that won: the latest one that is not skipped, unless another was selected."""
        return self._assignment.selected_label_id

    @selected_label_id.setter
    def selected_label_id(self, label_id: str | None) -> None:
        self._assignment.selected_label_id = label_id

    def set_workflow_status(self, status: WorkflowStatus) -> None:
        """Move the data row to another step of the project's workflow."""
        self._assignment.workflow_status = _checked_status(status)
        self._assignment.updated_at = now()

    def add_label(
        self,
        annotations: Iterable[dict[str, Any]],
        *,
        created_by: str = "labeler@sandbox.test",
        skipped: bool = False,
        created_at: datetime | None = None,
        updated_at: datetime | None = None,
        mask_format: MaskFormat = "composite",
        classification_segments: ClassificationSegments = "answer",
    ) -> SandboxLabel:
        """Label the data row.

        Args:
            annotations: Dicts in Labelbox's import form, one an annotation and without
                ``dataRow``. Beyond that form, a segment may carry ``end``, its last visible
                frame, and masks may carry ``segments`` beside ``masks``, a list of
                ``[start, end]``.
            created_by: E-mail of the labeler.
            skipped: Whether the labeler skipped the data row.
            created_at: When the label was submitted; now by default.
            updated_at: When it last changed; ``created_at`` by default.
            mask_format: Whether exports hand out composite masks or one mask an instance.
            classification_segments: Whether exports list the segments of frame radios and
                checklists under each answer's feature id or under the classification's.

        Raises:
            ConfigurationError: An annotation does not fit the project's ontology.
        """
        content = read_annotations(
            annotations,
            self._ontology,
            self._store.identifiers,
            mask_format=mask_format,
            classification_segments=classification_segments,
        )
        created = created_at or now()
        label = LabelRecord(
            id=self._store.identifiers.new(),
            project_id=self._project.id,
            data_row_id=self.id,
            created_by=created_by,
            created_at=created,
            updated_at=updated_at or created,
            skipped=skipped,
            # A skipped data row has no frames in its export.
            content=None if skipped else content,
        )
        return self._add(label)

    def add_label_json(self, label: dict[str, Any]) -> SandboxLabel:
        """Label the data row with a label object of the export format, exported as it is."""
        moment = now()
        record = LabelRecord(
            id=label.get("id") or self._store.identifiers.new(),
            project_id=self._project.id,
            data_row_id=self.id,
            created_by="labeler@sandbox.test",
            created_at=moment,
            updated_at=moment,
            verbatim=copy.deepcopy(label),
        )
        return self._add(record)

    def set_export_json(self, line: dict[str, Any]) -> None:
        """Export this object, as it is, in place of the whole data row."""
        self._assignment.verbatim = copy.deepcopy(line)

    def __repr__(self) -> str:
        return f"SandboxDataRow({self.id!r}, external_id={self.external_id!r})"

    @property
    def _assignment(self) -> AssignmentRecord:
        return self._project.assignments[self.id]

    @property
    def _ontology(self) -> dict[str, Any]:
        return self._store.ontologies[self._project.ontology_id or ""].normalized

    def _add(self, label: LabelRecord) -> SandboxLabel:
        with self._store.lock:
            if label.id in self._store.labels:
                raise ConfigurationError(f"There is a label '{label.id}' already; give another id.")
            self._store.labels[label.id] = label
            self._assignment.label_ids.append(label.id)
            if not label.skipped or self._assignment.selected_label_id is None:
                self._assignment.selected_label_id = label.id
        return SandboxLabel(label)


class SandboxProject:
    """A project of the sandbox, to be filled with videos and labels."""

    def __init__(self, store: Store, urls: FileUrls, folder: Path, record: ProjectRecord) -> None:
        self._store = store
        self._urls = urls
        self._folder = folder
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
        """The data rows of the project, in the order in which they were added."""
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
            external_id: Mostly a file name; may occur several times.
            global_key: Unique in the sandbox.
            private: Whether the video needs the API key. Otherwise its URL is signed, and sending
                the key with it is an error.
            media_attributes: What exports say of the video; read from the file by default.
            row_data: A URL or path that exports give as it is; the sandbox then serves nothing.
            workflow_status: The step of the project's workflow that the data row is in.
            batch: Name of its batch; created when it is new.
            dataset: Name of its dataset; created when it is new. The project's name by default.
            created_at: When the data row was created; now by default.
            metadata_fields: Exported as they are, when asked for.
            attachments: Exported as they are, when asked for.

        Raises:
            ConfigurationError: There is no such file, neither a video nor ``row_data`` was given,
                or the global key is taken.
        """
        if video is None and row_data is None:
            raise ConfigurationError("A data row needs a video or row_data; give one of them.")
        if global_key is not None and self._store.data_row_by_global_key(global_key):
            raise ConfigurationError(f"Global key '{global_key}' is taken; give another.")
        _checked_status(workflow_status)
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
                attachments=copy.deepcopy(attachments or []),
            )
            assigned = self._batch(batch or _DEFAULT_BATCH)
            assigned.data_row_ids.append(row_id)
            self._store.data_rows[row_id] = row
            self._record.assignments[row_id] = AssignmentRecord(
                row_id, assigned.id, workflow_status, moment
            )
        return SandboxDataRow(self._store, self._urls, self._record, row)

    def __repr__(self) -> str:
        return f"SandboxProject({self.id!r}, name={self.name!r})"

    def _file(self, row_id: str, video: str | Path | bytes) -> Path:
        if isinstance(video, bytes):
            file = self._folder / row_id
            file.write_bytes(video)
            return file
        file = Path(video).absolute()
        if not file.is_file():
            raise ConfigurationError(f"There is no file {file}; give the path of a video.")
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


def create_project(
    store: Store, name: str, ontology_normalized: dict[str, Any], media_type: str
) -> ProjectRecord:
    """A new project with an ontology of its own.

    Raises:
        ConfigurationError: The ontology cannot be used.
    """
    moment = now()
    normalized = complete(ontology_normalized, store.identifiers)
    with store.lock:
        ontology = OntologyRecord(
            store.identifiers.new(), f"{name} ontology", normalized, media_type, moment
        )
        store.ontologies[ontology.id] = ontology
        project = ProjectRecord(
            id=store.identifiers.new(),
            name=name,
            media_type=media_type,
            created_at=moment,
            updated_at=moment,
            ontology_id=ontology.id,
        )
        store.projects[project.id] = project
    return project


def _checked_status(status: WorkflowStatus) -> WorkflowStatus:
    if status not in get_args(WorkflowStatus):
        raise ConfigurationError(
            f"Unknown workflow status {status!r}; use one of {', '.join(get_args(WorkflowStatus))}."
        )
    return status
