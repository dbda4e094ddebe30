"""What the sandbox remembers: the records behind its GraphQL types and its exports."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from deeplake_labelbox.sandbox.identifiers import Identifiers

if TYPE_CHECKING:
    from pathlib import Path

    from deeplake_labelbox.sandbox.content import LabelContent
    from deeplake_labelbox.sandbox.identifiers import FeatureIds

WorkflowStatus = Literal["TO_LABEL", "IN_REVIEW", "IN_REWORK", "DONE"]
TaskStatus = Literal["IN_PROGRESS", "COMPLETE", "FAILED", "CANCELED"]
StreamType = Literal["RESULT", "ERRORS"]
ImportKind = Literal["label", "pre-label"]
ImportState = Literal["RUNNING", "FAILED", "FINISHED"]


def now() -> datetime:
    """The present, in UTC and in whole milliseconds, as Labelbox keeps its times."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


@dataclass(slots=True)
class UserRecord:
    """The person whose API key the sandbox accepts."""

    id: str
    email: str
    name: str
    organization_id: str
    created_at: datetime
    timezone: str | None = "UTC"


@dataclass(slots=True)
class OrganizationRecord:
    """The organization that owns everything in the sandbox."""

    id: str
    name: str
    created_at: datetime


@dataclass(slots=True)
class OntologyRecord:
    """An ontology; ``normalized`` is complete, with all its schema ids."""

    id: str
    name: str
    normalized: dict[str, Any]
    media_type: str | None
    created_at: datetime


@dataclass(slots=True)
class DatasetRecord:
    """A dataset: the place where data rows live."""

    id: str
    name: str
    created_at: datetime
    deleted: bool = False
    signer_id: str | None = None


@dataclass(slots=True)
class IntegrationRecord:
    """An IAM integration: the right of Labelbox to read a bucket."""

    id: str
    name: str
    provider: str
    created_at: datetime
    is_default: bool = False
    valid: bool = True


@dataclass(slots=True)
class DataRowRecord:
    """A data row: one video.

    Its bytes are at ``file``, or elsewhere at ``external_url``, which is handed out as it is.
    """

    id: str
    dataset_id: str
    created_at: datetime
    created_by: str
    file: Path | None = None
    file_name: str = "video.mp4"
    private: bool = False
    external_url: str | None = None
    external_id: str | None = None
    global_key: str | None = None
    media_attributes: dict[str, Any] = field(default_factory=dict)
    metadata_fields: list[dict[str, Any]] = field(default_factory=list)
    attachments: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class LabelRecord:
    """A label of a data row in a project.

    ``verbatim`` is a label object of the export format that is handed out as it is; otherwise
    ``content`` is rendered. ``annotations`` are what it was made from, in the import form and by
    their uuid; ``ids`` keeps its feature ids over edits.
    """

    id: str
    project_id: str
    data_row_id: str
    created_by: str
    created_at: datetime
    updated_at: datetime
    skipped: bool = False
    content: LabelContent | None = None
    verbatim: dict[str, Any] | None = None
    annotations: dict[str, dict[str, Any]] = field(default_factory=dict)
    ids: FeatureIds | None = None
    imported: bool = False


@dataclass(slots=True)
class BatchRecord:
    """A batch: the data rows that were sent to a project together."""

    id: str
    project_id: str
    name: str
    created_at: datetime
    priority: int = 5
    data_row_ids: list[str] = field(default_factory=list)


@dataclass(slots=True)
class AssignmentRecord:
    """A data row's place in a project; ``pre_labels`` wait for a labeler, by their uuid."""

    data_row_id: str
    batch_id: str
    workflow_status: WorkflowStatus
    updated_at: datetime
    label_ids: list[str] = field(default_factory=list)
    selected_label_id: str | None = None
    verbatim: dict[str, Any] | None = None
    pre_labels: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(slots=True)
class ProjectRecord:
    """A project: an ontology, and data rows with their labels."""

    id: str
    name: str
    media_type: str
    created_at: datetime
    updated_at: datetime
    ontology_id: str | None = None
    description: str = ""
    deleted: bool = False
    has_editor: bool = True
    auto_audit_number_of_labels: int = 1
    auto_audit_percentage: float = 1.0
    is_benchmark_enabled: bool = False
    is_consensus_enabled: bool = False
    assignments: dict[str, AssignmentRecord] = field(default_factory=dict)


@dataclass(slots=True)
class TaskRecord:
    """A background job of Labelbox, as far as a client can see it.

    ``created_rows`` and ``rejected_rows`` are the outcome of an upload of data rows; a rejected
    row is its payload with the reason as ``message``.
    """

    id: str
    name: str | None
    type: str
    status: TaskStatus
    created_at: datetime
    created_by: str
    project_id: str | None = None
    polls_left: int = 0
    result_url: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    created_rows: list[str] = field(default_factory=list)
    rejected_rows: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class ImportRecord:
    """An import of annotations; its files are NDJSON."""

    id: str
    kind: ImportKind
    project_id: str
    name: str
    state: ImportState
    created_at: datetime
    polls_left: int = 0
    files: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UploadRecord:
    """A file that a client uploaded, to name it by its URL in a later request."""

    id: str
    filename: str
    file: Path

    @property
    def content(self) -> bytes:
        """The bytes of the file."""
        return self.file.read_bytes()


class Store:
    """All records of one sandbox; take ``lock`` to read several that must fit together.

    Files that clients upload lie in ``folder``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock = threading.RLock()
        self.identifiers = Identifiers()
        self.organization = OrganizationRecord(self.identifiers.new(), "Sandbox", now())
        self.user = UserRecord(
            self.identifiers.new(), "you@sandbox.test", "You", self.organization.id, now()
        )
        self.projects: dict[str, ProjectRecord] = {}
        self.ontologies: dict[str, OntologyRecord] = {}
        self.datasets: dict[str, DatasetRecord] = {}
        self.data_rows: dict[str, DataRowRecord] = {}
        self.labels: dict[str, LabelRecord] = {}
        self.batches: dict[str, BatchRecord] = {}
        self.tasks: dict[str, TaskRecord] = {}
        self.uploads: dict[str, UploadRecord] = {}
        self.imports: dict[str, ImportRecord] = {}
        self.integrations: dict[str, IntegrationRecord] = {}
        # Results of jobs that assign or clear global keys, in the form of the API.
        self.jobs: dict[str, dict[str, Any]] = {}

    def data_row_by_global_key(self, global_key: str) -> DataRowRecord | None:
        """The data row with this global key; keys are unique in an organization."""
        return next((row for row in self.data_rows.values() if row.global_key == global_key), None)

    def last_activity(self, project: ProjectRecord, assignment: AssignmentRecord) -> datetime:
        """When the data row or one of its labels last changed in the project."""
        moments = [self.labels[label_id].updated_at for label_id in assignment.label_ids]
        return max([assignment.updated_at, project.created_at, *moments])
