"""Render data rows as lines of the video export JSON."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from deeplake_labelbox.sandbox.label_rendering import render_annotations

if TYPE_CHECKING:
    from datetime import datetime

    from deeplake_labelbox.sandbox.content import LabelContent, LabelTrack
    from deeplake_labelbox.sandbox.signing import SignedUrls
    from deeplake_labelbox.sandbox.store import (
        AssignmentRecord,
        DataRowRecord,
        LabelRecord,
        ProjectRecord,
        Store,
    )


class FileUrls:
    """The URLs at which a sandbox serves videos and masks."""

    def __init__(self, rest_endpoint: str, signed: SignedUrls) -> None:
        self.rest_endpoint = rest_endpoint
        self.signed = signed

    def row_data(self, row: DataRowRecord) -> str:
        """Return the URL of a data row's video."""
        if row.external_url is not None:
            return row.external_url
        if row.private:
            return f"{self.rest_endpoint}/data-rows/{row.id}/videos/{quote(row.file_name)}"
        return self.signed.sign(f"/videos/{row.id}/{row.file_name}")

    def mask(
        self, project_id: str, task_id: str, content: LabelContent, track: LabelTrack, frame: int
    ) -> dict[str, Any]:
        """Return the payload of a mask drawn on ``frame``."""
        if content.mask_format == "single":
            path = f"projects/{project_id}/annotations/{track.feature_id}/index/{frame}/mask"
            return {"mask": {"url": f"{self.rest_endpoint}/{path}"}}
        path = f"tasks/{task_id}/masks/{content.composite_mask_id}/index/{frame}"
        color = list(track.color or ())
        return {"composite_mask": {"url": f"{self.rest_endpoint}/{path}", "color_rgb": color}}


class ExportRenderer:
    """Renders data rows of one export task; ``params`` are those of its GraphQL input."""

    def __init__(self, store: Store, urls: FileUrls, task_id: str, params: dict[str, Any]) -> None:
        self._store = store
        self._urls = urls
        self._task_id = task_id
        self._params = params

    def line(
        self, row: DataRowRecord, places: list[tuple[ProjectRecord, AssignmentRecord]]
    ) -> dict[str, Any]:
        """Render a data row with its labels in the given projects."""
        for _, assignment in places:
            if assignment.verbatim is not None:
                return assignment.verbatim
        data_row: dict[str, Any] = {"id": row.id}
        if row.global_key is not None:
            data_row["global_key"] = row.global_key
        if row.external_id is not None:
            data_row["external_id"] = row.external_id
        data_row["row_data"] = self._urls.row_data(row)
        if self._params.get("includeDataRowDetails"):
            moments = [self._store.last_activity(*place) for place in places]
            data_row["details"] = {
                "dataset_id": row.dataset_id,
                "dataset_name": self._store.datasets[row.dataset_id].name,
                "created_at": _timestamp(row.created_at),
                "updated_at": _timestamp(row.created_at),
                "last_activity_at": _timestamp(max([row.created_at, *moments])),
                "created_by": row.created_by,
            }
        line: dict[str, Any] = {"data_row": data_row, "media_attributes": row.media_attributes}
        if self._params.get("includeAttachments"):
            line["attachments"] = [
                {name: value for name, value in each.items() if name != "id"}
                for each in row.attachments
            ]
        if self._params.get("includeMetadata"):
            line["metadata_fields"] = row.metadata_fields
        if self._params.get("includeEmbeddings"):
            line["embeddings"] = []
        line["projects"] = {project.id: self._project(project, place) for project, place in places}
        return line

    def _project(self, project: ProjectRecord, assignment: AssignmentRecord) -> dict[str, Any]:
        state = self._store.state(assignment)
        part: dict[str, Any] = {
            "name": project.name,
            "labels": [self._label(label) for label in state.labels],
        }
        if self._params.get("includeProjectDetails"):
            batch = self._store.batches[assignment.batch_id]
            part["project_details"] = {
                "ontology_id": project.ontology_id,
                "task_name": state.workflow_status.replace("_", " ").capitalize(),
                "batch_id": batch.id,
                "batch_name": batch.name,
                "workflow_status": state.workflow_status,
                "priority": self._store.priority(assignment),
                "consensus_expected_label_count": 0,
                "selected_label_id": state.selected_label_id,
                "workflow_history": [],
            }
        return part

    def _label(self, label: LabelRecord) -> dict[str, Any]:
        if label.verbatim is not None:
            return label.verbatim
        form: dict[str, Any] = {"label_kind": "Video", "version": "1.0.0", "id": label.id}
        if self._params.get("includeLabelDetails"):
            form["label_details"] = {
                "created_at": _timestamp(label.created_at),
                "updated_at": _timestamp(label.updated_at),
                "created_by": label.created_by,
                "content_last_updated_at": _timestamp(label.updated_at),
                "reviews": [],
            }
        if self._params.get("includePerformanceDetails"):
            form["performance_details"] = {
                "seconds_to_create": 0,
                "seconds_to_review": 0,
                "seconds_to_rework": 0,
                "skipped": label.skipped,
            }
        form["annotations"] = {}
        if label.content is not None:
            form["annotations"] = render_annotations(
                label.content,
                interpolated_frames=bool(self._params.get("includeInterpolatedFrames")),
                mask_payload=partial(self._urls.mask, label.project_id, self._task_id),
            )
        return form


def _timestamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
