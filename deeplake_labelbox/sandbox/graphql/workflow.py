"""Resolve the workflow of a project's data rows, and their order in the queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from deeplake_labelbox.sandbox.filters import STATUSES
from deeplake_labelbox.sandbox.graphql.context import Resolvers, Services, page
from deeplake_labelbox.sandbox.graphql.data_rows import data_row_form
from deeplake_labelbox.sandbox.graphql.errors import NotFoundError
from deeplake_labelbox.sandbox.labeling import Labeling

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deeplake_labelbox.sandbox.graphql.context import Info
    from deeplake_labelbox.sandbox.store import AssignmentRecord, ProjectRecord, WorkflowStatus

_MOVE_TASK_TYPE: Final = "send-to-task-queue"
_PRIORITY_TASK_TYPE: Final = "update-queue-priority"

# Status to (type, name) of its queue; done data rows are in no queue.
_QUEUES: Final[dict[WorkflowStatus, tuple[str, str]]] = {
    "TO_LABEL": ("MANUAL_LABELING_QUEUE", "Initial labeling task"),
    "IN_REVIEW": ("MANUAL_REVIEW_QUEUE", "Initial review task"),
    "IN_REWORK": ("MANUAL_REWORK_QUEUE", "Rework (all rejected)"),
}


def task_queues(source: dict[str, Any], info: Info) -> list[dict[str, Any]]:
    """Return the queues of a project's workflow."""
    project = info.context.store.projects[source["id"]]
    return [
        {
            "id": _queue_id(project, status),
            "name": name,
            "description": "",
            "queueType": kind,
            "status": status,
            "projectId": project.id,
        }
        for status, (kind, name) in _QUEUES.items()
    ]


def queue_size(source: dict[str, Any], info: Info, *, input: dict[str, Any] | None = None) -> int:
    """Count the data rows in a queue, of all batches or of some."""
    box = info.context
    query = ((input or {}).get("searchQuery") or {}).get("query") or []
    batches = next((each["ids"] for each in query if each.get("type") == "batch"), None)
    places = _places(box, source["projectId"], batches)
    return sum(box.store.state(place).workflow_status == source["status"] for place in places)


def state_counts(
    source: dict[str, Any], info: Info, *, batchIds: list[str] | None = None
) -> list[dict[str, Any]]:
    """Count the data rows by state."""
    box = info.context
    seen = [box.store.state(place) for place in _places(box, source["id"], batchIds)]
    labels = [state.labels for state in seen]
    counts = {
        "All": len(seen),
        "Unlabeled": sum(state.workflow_status == "TO_LABEL" for state in seen),
        "Labeled": sum(any(not label.skipped for label in some) for some in labels),
        "Skipped": sum(bool(some) and all(label.skipped for label in some) for some in labels),
        "NotInTaskQueue": sum(state.workflow_status == "DONE" for state in seen),
    }
    counts |= {
        name: sum(state.workflow_status == status for state in seen)
        for name, status in STATUSES.items()
    }
    return [{"state": name, "count": count} for name, count in counts.items()]


def completed_count(source: dict[str, Any], info: Info) -> int:
    """Count the data rows that are done."""
    box = info.context
    places = _places(box, source["id"], None)
    return sum(box.store.state(place).workflow_status == "DONE" for place in places)


def issues(_source: object, _info: Info) -> dict[str, int]:
    """Return no issues: a sandbox has none."""
    return {"totalCount": 0}


def move(source: dict[str, str], info: Info, *, data: dict[str, Any]) -> dict[str, str]:
    """Move data rows to a queue, or mark them done."""
    box = info.context
    project = box.store.projects[source["id"]]
    statuses: dict[str | None, WorkflowStatus] = {
        _queue_id(project, status): status for status in _QUEUES
    }
    statuses[None] = "DONE"
    if data.get("queueId") not in statuses:
        raise NotFoundError(f"Task queue {data['queueId']} not found")
    task = box.tasks.start(_MOVE_TASK_TYPE, "Moving data rows", project.id)
    if task.status == "COMPLETE":
        for place in _named(box, project, data["dataRowIdentifiers"]):
            Labeling(box.store, project, place).move(statuses[data.get("queueId")])
    return {"taskId": task.id}


def overrides(source: dict[str, Any], info: Info, **part: Any) -> list[dict[str, Any]]:
    """Return the priority of each data row of a project."""
    box = info.context
    project = box.store.projects[source["id"]]
    return [
        {
            "id": f"{project.id}-{place.data_row_id}",
            "priority": box.store.priority(place),
            "numberOfLabels": 1,
            "dataRow": data_row_form(box.store.data_rows[place.data_row_id], box),
        }
        for place in page(list(project.assignments.values()), **part)
    ]


def set_overrides(
    source: dict[str, str], info: Info, *, dataWithDataRowIdentifiers: list[dict[str, Any]]
) -> dict[str, bool]:
    """Set the priority of each data row."""
    box = info.context
    project = box.store.projects[source["id"]]
    for each in dataWithDataRowIdentifiers:
        named = each["dataRowIdentifier"]
        for place in _named(box, project, {"ids": [named["id"]], "idType": named["idType"]}):
            place.priority = each["priority"]
    return {"success": True}


def set_priority(source: dict[str, str], info: Info, *, data: dict[str, Any]) -> dict[str, str]:
    """Set one priority for data rows."""
    box = info.context
    project = box.store.projects[source["id"]]
    task = box.tasks.start(_PRIORITY_TASK_TYPE, "Updating priorities", project.id)
    if task.status == "COMPLETE":
        for place in _named(box, project, data["dataRowIdentifiers"]):
            place.priority = data["priority"]
    return {"taskId": task.id}


def extend_reservations(_source: object, _info: Info, **_arguments: Any) -> int:
    """Do nothing: there are no reservations."""
    return 0


def _queue_id(project: ProjectRecord, status: WorkflowStatus) -> str:
    return f"{project.id}-{status.lower()}"


def _places(box: Services, project_id: str, batch_ids: list[str] | None) -> list[AssignmentRecord]:
    places = box.store.projects[project_id].assignments.values()
    return [place for place in places if batch_ids is None or place.batch_id in batch_ids]


def _named(
    box: Services, project: ProjectRecord, given: dict[str, Any]
) -> Iterator[AssignmentRecord]:
    for key in given["ids"]:
        row = box.store.data_row_by(key, given["idType"])
        place = None if row is None else project.assignments.get(row.id)
        if place is not None:
            yield place


RESOLVERS: Resolvers = {
    ("Project", "taskQueues"): task_queues,
    ("Project", "workstreamStateCounts"): state_counts,
    ("Project", "completedDataRowCount"): completed_count,
    ("Project", "issues"): issues,
    ("Project", "labelingParameterOverrides"): overrides,
    ("TaskQueue", "dataRowCount"): queue_size,
    ("ProjectChange", "createBulkAddRowsToQueueTask"): move,
    ("ProjectChange", "createQueuePriorityUpdateTask"): set_priority,
    ("ProjectChange", "setLabelingParameterOverrides"): set_overrides,
    ("Mutation", "extendReservations"): extend_reservations,
}
