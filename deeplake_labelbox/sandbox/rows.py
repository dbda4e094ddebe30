"""Define the public interfaces to data rows and their labels."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, get_args

from deeplake_labelbox.sandbox.errors import SandboxError
from deeplake_labelbox.sandbox.labeling import Labeling
from deeplake_labelbox.sandbox.store import (
    AssignmentRecord,
    DataRowRecord,
    LabelRecord,
    ProjectRecord,
    WorkflowStatus,
    now,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from deeplake_labelbox.sandbox.content import ClassificationSegments, MaskFormat
    from deeplake_labelbox.sandbox.export_rendering import FileUrls
    from deeplake_labelbox.sandbox.store import Store


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
        """The URL of the video, as in exports."""
        return self._urls.row_data(self._record)

    @property
    def external_id(self) -> str | None:
        """The external id, usually a file name."""
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
        """The batch that added the data row to the project."""
        return self._assignment.batch_id

    @property
    def selected_label_id(self) -> str | None:
        """The selected label: by default the latest one that is not skipped."""
        return self._assignment.selected_label_id

    @selected_label_id.setter
    def selected_label_id(self, label_id: str | None) -> None:
        self._assignment.selected_label_id = label_id

    def set_workflow_status(self, status: WorkflowStatus) -> None:
        """Move the data row to another step of the project's workflow."""
        self._labeling.move(checked_status(status))

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
            annotations: Dicts in Labelbox's import form, one per annotation, without
                ``dataRow``. In addition to that form, a segment may have ``end``, its last visible
                frame, and masks may have ``segments`` next to ``masks``, a list of
                ``[start, end]``.
            created_by: E-mail of the labeler.
            skipped: Whether the labeler skipped the data row.
            created_at: When the label was submitted; now by default.
            updated_at: When it last changed; ``created_at`` by default.
            mask_format: Whether exports contain composite masks or one mask per instance.
            classification_segments: Whether exports list the segments of frame radios and
                checklists under each answer's feature id or under the classification's.

        Raises:
            SandboxError: An annotation does not fit the project's ontology.
        """
        label = self._labeling.new(
            annotations,
            created_by=created_by,
            created_at=created_at,
            updated_at=updated_at,
            skipped=skipped,
            mask_format=mask_format,
            classification_segments=classification_segments,
        )
        return SandboxLabel(label)

    def add_label_json(self, label: dict[str, Any]) -> SandboxLabel:
        """Label the data row with a label object of the export format; it is exported unchanged."""
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
        self._labeling.add(record)
        return SandboxLabel(record)

    def update_label(
        self,
        label: SandboxLabel | str,
        annotations: Iterable[dict[str, Any]],
        *,
        updated_at: datetime | None = None,
    ) -> None:
        """Edit a label like a labeler; this changes the data row's last activity.

        Args:
            label: The label, or its id.
            annotations: The new annotations, as for `add_label`. An annotation keeps
                its feature id by its ``uuid`` or, without one, by its place in the list.
            updated_at: When it was edited; now by default.

        Raises:
            SandboxError: An annotation does not fit the project's ontology, or the data
                row has no such label.
        """
        self._labeling.edit(self._label(label), annotations, updated_at)

    def delete_label(
        self, label: SandboxLabel | str, *, updated_at: datetime | None = None
    ) -> None:
        """Delete a label (or the one with this id).

        Raises:
            SandboxError: The data row has no such label.
        """
        self._labeling.delete(self._label(label), updated_at)

    def set_skipped(
        self, *, created_by: str = "labeler@sandbox.test", updated_at: datetime | None = None
    ) -> SandboxLabel:
        """Skip the data row: a skipped label replaces all of its labels."""
        for label_id in list(self._assignment.label_ids):
            self.delete_label(label_id, updated_at=updated_at)
        return self.add_label([], skipped=True, created_by=created_by, created_at=updated_at)

    @property
    def labels(self) -> tuple[SandboxLabel, ...]:
        """The labels of the data row in this project, oldest first."""
        records = [self._store.labels[label_id] for label_id in self._assignment.label_ids]
        return tuple(SandboxLabel(record) for record in records)

    @property
    def workflow_status(self) -> WorkflowStatus:
        """The step of the project's workflow that the data row is in."""
        return self._assignment.workflow_status

    @property
    def pre_labels(self) -> tuple[dict[str, Any], ...]:
        """The imported pre-labels that wait for a labeler, in the import form."""
        return tuple(copy.deepcopy(each) for each in self._assignment.pre_labels.values())

    def accept_pre_labels(
        self,
        correct: Callable[[dict[str, Any]], dict[str, Any] | None] | None = None,
        *,
        created_by: str = "labeler@sandbox.test",
        created_at: datetime | None = None,
    ) -> SandboxLabel:
        """Submit the waiting pre-labels as a label.

        Args:
            correct: Returns each annotation as corrected by the labeler, or None to drop it.
                By default all are accepted unchanged.
            created_by: E-mail of the labeler.
            created_at: When the label was submitted; now by default.

        Raises:
            SandboxError: There are no pre-labels, or a corrected one does not fit the ontology.
        """
        waiting = self.pre_labels
        if not waiting:
            raise SandboxError(f"Data row '{self.id}' has no pre-labels; import some first.")
        seen = waiting if correct is None else [correct(each) for each in waiting]
        kept = [each for each in seen if each is not None]
        label = self.add_label(kept, created_by=created_by, created_at=created_at)
        self._assignment.pre_labels = {}
        self._labeling.move("DONE", created_at)
        return label

    def set_export_json(self, line: dict[str, Any]) -> None:
        """Export this object, unchanged, instead of the whole data row."""
        self._assignment.verbatim = copy.deepcopy(line)

    def __repr__(self) -> str:
        return f"SandboxDataRow({self.id!r}, external_id={self.external_id!r})"

    @property
    def _assignment(self) -> AssignmentRecord:
        return self._project.assignments[self.id]

    @property
    def _labeling(self) -> Labeling:
        return Labeling(self._store, self._project, self._assignment)

    def _label(self, label: SandboxLabel | str) -> LabelRecord:
        label_id = label if isinstance(label, str) else label.id
        if label_id not in self._assignment.label_ids:
            raise SandboxError(f"Data row '{self.id}' has no label '{label_id}'.")
        return self._store.labels[label_id]


def checked_status(status: WorkflowStatus) -> WorkflowStatus:
    """Check a workflow status and return it.

    Raises:
        SandboxError: There is no such status.
    """
    if status not in get_args(WorkflowStatus):
        raise SandboxError(
            f"Unknown workflow status {status!r}; use one of {', '.join(get_args(WorkflowStatus))}."
        )
    return status
