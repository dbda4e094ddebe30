"""Store the records of a sandbox, behind its GraphQL types and its exports."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from deeplake_labelbox.sandbox.identifiers import Identifiers
from deeplake_labelbox.sandbox.metadata import MetadataSchemas

if TYPE_CHECKING:
    from pathlib import Path

    from deeplake_labelbox.sandbox.content import LabelContent
    from deeplake_labelbox.sandbox.identifiers import FeatureIds
    from deeplake_labelbox.sandbox.lag import Lag

WorkflowStatus = Literal["TO_LABEL", "IN_REVIEW", "IN_REWORK", "DONE"]
TaskStatus = Literal["IN_PROGRESS", "COMPLETE", "FAILED", "CANCELED"]
StreamType = Literal["RESULT", "ERRORS"]
ImportKind = Literal["label", "pre-label"]
ImportState = Literal["RUNNING", "FAILED", "FINISHED"]

_MAX_KEY_LENGTH = 200


def now() -> datetime:
    """Return the current time in UTC, in whole milliseconds as Labelbox stores times."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


@dataclass(slots=True)
class UserRecord:
    """The owner of the API key that the sandbox accepts."""

    id: str
    email: str
    name: str
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
    """An ontology; ``normalized`` is complete, with all its schema ids.

    ``archived`` are the feature schema ids that were deleted although labels use them.
    """

    id: str
    name: str
    normalized: dict[str, Any]
    media_type: str | None
    created_at: datetime
    archived: set[str] = field(default_factory=set)


@dataclass(slots=True)
class DatasetRecord:
    """A dataset, which holds data rows."""

    id: str
    name: str
    created_at: datetime
    description: str = ""
    deleted: bool = False
    signer_id: str | None = None


@dataclass(slots=True)
class IntegrationRecord:
    """An IAM integration, with which Labelbox reads a bucket."""

    id: str
    name: str
    provider: str
    created_at: datetime
    is_default: bool = False
    valid: bool = True


@dataclass(slots=True)
class DataRowRecord:
    """A data row: one video.

    Its bytes are in ``file``, or at ``external_url``, which exports contain unchanged. ``fault`` is
    the reason why it cannot be processed; batches do not accept such a row. Exports do not find a
    row until it is ``listed``.
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
    fault: str | None = None
    processed: bool = True
    listed: bool = True


@dataclass(slots=True)
class LabelRecord:
    """A label of a data row in a project.

    ``verbatim`` is a label object of the export format, exported unchanged; otherwise ``content``
    is rendered. ``annotations`` is its source in the import form, by uuid; ``ids`` keeps feature
    ids across edits.
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
    """A batch: data rows that were sent to a project together."""

    id: str
    project_id: str
    name: str
    created_at: datetime
    priority: int = 5
    consensus_settings: dict[str, Any] | None = None
    data_row_ids: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class AssignmentState:
    """The visible state of a data row in a project."""

    labels: tuple[LabelRecord, ...]
    selected_label_id: str | None
    workflow_status: WorkflowStatus
    updated_at: datetime


@dataclass(slots=True)
class AssignmentRecord:
    """A data row in a project; ``pre_labels`` wait for a labeler, by uuid.

    ``priority`` is None if that of the batch applies. Exports do not find it until it is
    ``listed``; ``stale`` is the state that clients see while changes of its labels lag.
    """

    data_row_id: str
    batch_id: str
    workflow_status: WorkflowStatus
    updated_at: datetime
    label_ids: list[str] = field(default_factory=list)
    selected_label_id: str | None = None
    verbatim: dict[str, Any] | None = None
    pre_labels: dict[str, dict[str, Any]] = field(default_factory=dict)
    priority: int | None = None
    listed: bool = True
    stale: AssignmentState | None = None


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
    auto_audit_number_of_labels: int = 1
    auto_audit_percentage: float = 1.0
    is_benchmark_enabled: bool = False
    is_consensus_enabled: bool = False
    setup_complete: datetime | None = None
    instructions_url: str | None = None
    tag_ids: list[str] = field(default_factory=list)
    assignments: dict[str, AssignmentRecord] = field(default_factory=dict)


@dataclass(slots=True)
class TaskRecord:
    """A background job of Labelbox, as a client sees it.

    ``created_rows`` and ``rejected_rows`` are the outcome of an upload of data rows; a rejected
    row is its payload with the reason as ``message``.
    """

    id: str
    name: str | None
    type: str
    status: TaskStatus
    created_at: datetime
    project_id: str | None = None
    polls_left: int = 0
    result_url: str | None = None
    created_rows: list[str] = field(default_factory=list)
    rejected_rows: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class ImportRecord:
    """An import of annotations; its files are NDJSON.

    ``input_url`` is the URL of the client's file, if it was not uploaded.
    """

    id: str
    kind: ImportKind
    project_id: str
    name: str
    state: ImportState
    polls_left: int = 0
    files: dict[str, bytes] = field(default_factory=dict)
    input_url: str | None = None


@dataclass(frozen=True, slots=True)
class UploadRecord:
    """A file that a client uploaded, for use by its URL in a later request."""

    id: str
    filename: str
    file: Path

    @property
    def content(self) -> bytes:
        """The bytes of the file."""
        return self.file.read_bytes()


def global_key_fault(key: str) -> str | None:
    """Return why a global key is invalid, or None."""
    if not key:
        return "Global key is empty"
    if len(key) > _MAX_KEY_LENGTH:
        return f"Global key is longer than {_MAX_KEY_LENGTH} characters"
    if key != key.strip() or "  " in key:
        return "Global key has leading, trailing or double spaces"
    return None


def list_later(store: Store, record: DataRowRecord | AssignmentRecord) -> None:
    """Make exports find a new record only after their lag."""
    record.listed = False

    def list_now() -> None:
        record.listed = True

    store.lag.later("exports", list_now)


class Store:
    """All records of one sandbox; hold ``lock`` to read several consistently.

    Uploaded files are in ``folder``.
    """

    def __init__(self, folder: Path, lag: Lag) -> None:
        self.folder = folder
        self.lag = lag
        self.lock = threading.RLock()
        self.identifiers = Identifiers()
        self.organization = OrganizationRecord(self.identifiers.new(), "Sandbox", now())
        self.user = UserRecord(self.identifiers.new(), "you@sandbox.test", "You", now())
        self.projects: dict[str, ProjectRecord] = {}
        self.ontologies: dict[str, OntologyRecord] = {}
        # Features outside ontologies; None for deleted ones.
        self.feature_schemas: dict[str, dict[str, Any] | None] = {}
        self.datasets: dict[str, DatasetRecord] = {}
        self.data_rows: dict[str, DataRowRecord] = {}
        self.labels: dict[str, LabelRecord] = {}
        self.batches: dict[str, BatchRecord] = {}
        self.tasks: dict[str, TaskRecord] = {}
        self.uploads: dict[str, UploadRecord] = {}
        self.imports: dict[str, ImportRecord] = {}
        self.integrations: dict[str, IntegrationRecord] = {}
        self.metadata_schemas = MetadataSchemas(self.identifiers)
        # Keys of deleted data rows that are still reserved.
        self.held_keys: set[str] = set()
        # In the form of the API, because nothing else uses them.
        self.tags: dict[str, dict[str, str]] = {}
        self.webhooks: dict[str, dict[str, Any]] = {}
        self.slices: dict[str, dict[str, Any]] = {}
        # Results of jobs that assign or clear global keys, in the form of the API.
        self.jobs: dict[str, dict[str, Any]] = {}

    def data_row_by(self, key: str, id_type: str) -> DataRowRecord | None:
        """Return a data row by its id ("ID") or its global key ("GKEY")."""
        return self.data_rows.get(key) if id_type == "ID" else self.data_row_by_global_key(key)

    def data_row_by_global_key(self, global_key: str) -> DataRowRecord | None:
        """Return the data row with this global key; keys are unique in an organization."""
        return next((row for row in self.data_rows.values() if row.global_key == global_key), None)

    def is_taken(self, global_key: str) -> bool:
        """Whether a global key is in use or reserved."""
        return global_key in self.held_keys or self.data_row_by_global_key(global_key) is not None

    def state(self, assignment: AssignmentRecord) -> AssignmentState:
        """Return the state of a data row in a project that clients see."""
        if assignment.stale is not None:
            return assignment.stale
        return AssignmentState(
            tuple(self.labels[label_id] for label_id in assignment.label_ids),
            assignment.selected_label_id,
            assignment.workflow_status,
            assignment.updated_at,
        )

    def priority(self, assignment: AssignmentRecord) -> int:
        """Return the priority of a data row in its project."""
        own = assignment.priority
        return self.batches[assignment.batch_id].priority if own is None else own

    def hold(self, assignment: AssignmentRecord) -> None:
        """Keep showing clients the current state of a data row while labels lag."""
        if assignment.stale is not None or not self.lag.is_set("labels"):
            return
        now_seen = self.state(assignment)
        assignment.stale = replace(now_seen, labels=tuple(map(replace, now_seen.labels)))
        self.lag.later("labels", partial(setattr, assignment, "stale", None))

    def last_activity(self, project: ProjectRecord, assignment: AssignmentRecord) -> datetime:
        """Return when the data row or one of its labels last changed in the project."""
        state = self.state(assignment)
        edits = (label.updated_at for label in state.labels)
        return max(project.created_at, state.updated_at, *edits)
