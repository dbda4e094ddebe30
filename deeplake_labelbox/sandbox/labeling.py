"""Write and edit labels, for labelers and for imports of ground truth."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from deeplake_labelbox.sandbox.annotation_input import LabelReader, read_annotations
from deeplake_labelbox.sandbox.content import LabelContent
from deeplake_labelbox.sandbox.errors import SandboxError
from deeplake_labelbox.sandbox.identifiers import FeatureIds
from deeplake_labelbox.sandbox.store import LabelRecord, now

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from deeplake_labelbox.sandbox.store import (
        AssignmentRecord,
        ProjectRecord,
        Store,
        WorkflowStatus,
    )


def by_uuid(annotations: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Copy annotations into a dict by uuid, or by position if there is none.

    Raises:
        SandboxError: Two have the same uuid.
    """
    found: dict[str, dict[str, Any]] = {}
    for number, annotation in enumerate(annotations):
        # Entries that are not dicts are refused later, with a better message.
        key = str(annotation.get("uuid", number)) if hasattr(annotation, "get") else str(number)
        if key in found:
            raise SandboxError(f"Two annotations have the uuid '{key}'; uuids must be unique.")
        found[key] = copy.deepcopy(annotation)
    return found


class Labeling:
    """The labels of one data row in one project.

    Args:
        store: The records of the sandbox.
        project: The project.
        assignment: The data row's assignment to it.
    """

    def __init__(self, store: Store, project: ProjectRecord, assignment: AssignmentRecord) -> None:
        self._store = store
        self._project = project
        self._assignment = assignment

    @property
    def ontology(self) -> dict[str, Any]:
        """The project's ontology, complete.

        Raises:
            SandboxError: The project has none.
        """
        if self._project.ontology_id is None:
            raise SandboxError(
                f"Project '{self._project.name}' has no ontology; connect one to label with."
            )
        return self._store.ontologies[self._project.ontology_id].normalized

    def add(self, label: LabelRecord) -> None:
        """Add a label; it is selected instead of earlier ones, unless it skips the data row.

        Raises:
            SandboxError: Its id is in use.
        """
        with self._store.lock:
            if label.id in self._store.labels:
                raise SandboxError(f"There is already a label '{label.id}'; give another id.")
            self._store.hold(self._assignment)
            self._store.labels[label.id] = label
            self._assignment.label_ids.append(label.id)
            if not label.skipped or self._assignment.selected_label_id is None:
                self._assignment.selected_label_id = label.id

    def new(
        self,
        annotations: Iterable[dict[str, Any]],
        *,
        created_by: str,
        created_at: datetime | None = None,
        updated_at: datetime | None = None,
        skipped: bool = False,
        **form: Any,
    ) -> LabelRecord:
        """Add a label with these annotations; ``form`` goes to `read_annotations`.

        Raises:
            SandboxError: An annotation does not fit the project's ontology.
        """
        kept = by_uuid(annotations)
        ids = FeatureIds(self._store.identifiers)
        content = read_annotations(
            kept.values(), self.ontology, self._store.identifiers, ids=ids, **form
        )
        created = created_at or now()
        label = LabelRecord(
            id=self._store.identifiers.new(),
            project_id=self._project.id,
            data_row_id=self._assignment.data_row_id,
            created_by=created_by,
            created_at=created,
            updated_at=updated_at or created,
            skipped=skipped,
            # A skipped data row has no frames in its export.
            content=None if skipped else content,
            annotations=kept,
            ids=ids,
        )
        self.add(label)
        return label

    def edit(
        self, label: LabelRecord, annotations: Iterable[dict[str, Any]], updated_at: datetime | None
    ) -> None:
        """Replace the annotations of a label.

        Raises:
            SandboxError: An annotation does not fit the project's ontology.
        """
        kept = by_uuid(annotations)
        before = label.content or LabelContent()
        ids = label.ids or FeatureIds(self._store.identifiers)
        content = read_annotations(
            kept.values(),
            self.ontology,
            self._store.identifiers,
            ids=ids,
            mask_format=before.mask_format,
            classification_segments=before.classification_segments,
        )
        with self._store.lock:
            self._store.hold(self._assignment)
            label.annotations, label.content, label.ids = kept, content, ids
            label.verbatim, label.skipped = None, False
            label.updated_at = updated_at or now()
            self.touch(updated_at)

    def delete(self, label: LabelRecord, moment: datetime | None = None) -> None:
        """Remove a label."""
        with self._store.lock:
            self._store.hold(self._assignment)
            self._store.labels.pop(label.id, None)
            left = self._assignment.label_ids
            left.remove(label.id)
            if self._assignment.selected_label_id == label.id:
                kept = [each for each in left if not self._store.labels[each].skipped]
                self._assignment.selected_label_id = next(reversed(kept or left), None)
            self.touch(moment)

    @property
    def imported(self) -> LabelRecord | None:
        """Return the label that the next import of ground truth changes.

        In projects with consensus every import adds a label, even with known uuids, as Labelbox's
        own tests expect. In other projects, the label of earlier imports is changed and replaces
        all labels; Labelbox's behavior is not documented there.
        """
        if self._project.is_consensus_enabled:
            return None
        labels = [self._store.labels[label_id] for label_id in self._assignment.label_ids]
        return next((label for label in labels if label.imported), None)

    def import_ground_truth(
        self,
        label: LabelRecord | None,
        annotations: dict[str, dict[str, Any]],
        content: LabelContent,
        ids: FeatureIds,
    ) -> None:
        """Set imported annotations on a label, or add a label with them."""
        with self._store.lock:
            self._store.hold(self._assignment)
            moment = now()
            if not self._project.is_consensus_enabled:
                for label_id in list(self._assignment.label_ids):
                    if label is None or label_id != label.id:
                        self.delete(self._store.labels[label_id])
            if label is None:
                label = LabelRecord(
                    id=self._store.identifiers.new(),
                    project_id=self._project.id,
                    data_row_id=self._assignment.data_row_id,
                    created_by=self._store.user.email,
                    created_at=moment,
                    updated_at=moment,
                    imported=True,
                )
                self.add(label)
            label.annotations, label.content, label.ids = annotations, content, ids
            label.verbatim, label.skipped = None, False
            label.updated_at = moment
            self.move("DONE", moment)

    def move(self, status: WorkflowStatus, moment: datetime | None = None) -> None:
        """Move the data row to another step of the project's workflow."""
        self._store.hold(self._assignment)
        self._assignment.workflow_status = status
        self.touch(moment)

    def follow_ontology(self) -> None:
        """Rename features of labels as in the ontology, and drop those that it no longer has."""
        tools = {tool["featureSchemaId"]: tool for tool in self.ontology["tools"]}
        asked = {each["featureSchemaId"]: each for each in self.ontology["classifications"]}
        for label_id in self._assignment.label_ids:
            label = self._store.labels[label_id]
            if label.content is None:
                continue
            label.content = replace(
                label.content,
                tracks=tuple(
                    replace(track, tool=tools[track.tool["featureSchemaId"]])
                    for track in label.content.tracks
                    if track.tool["featureSchemaId"] in tools
                ),
                frame_classifications=tuple(
                    replace(each, schema=asked[each.schema["featureSchemaId"]])
                    for each in label.content.frame_classifications
                    if each.schema["featureSchemaId"] in asked
                ),
                classifications=tuple(
                    each
                    for each in label.content.classifications
                    if each["feature_schema_id"] in asked
                ),
            )
            label.annotations = {
                uuid: annotation
                for uuid, annotation in label.annotations.items()
                if self._is_readable(annotation)
            }

    def _is_readable(self, annotation: dict[str, Any]) -> bool:
        reader = LabelReader(self.ontology, FeatureIds(self._store.identifiers))
        try:
            reader.read(0, annotation)
        except SandboxError:
            return False
        return True

    def touch(self, moment: datetime | None = None) -> None:
        """Record that the data row changed in the project."""
        self._store.hold(self._assignment)
        self._assignment.updated_at = max(self._assignment.updated_at, moment or now())
