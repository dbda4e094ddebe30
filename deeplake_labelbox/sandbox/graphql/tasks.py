"""Resolve background tasks, which clients poll, list and cancel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deeplake_labelbox.sandbox.exports import EXPORT_TASK_TYPE
from deeplake_labelbox.sandbox.graphql.context import Resolvers, page, timestamp
from deeplake_labelbox.sandbox.graphql.errors import NotAllowedError, NotFoundError

if TYPE_CHECKING:
    from deeplake_labelbox.sandbox.graphql.context import Info
    from deeplake_labelbox.sandbox.store import TaskRecord


def task_form(record: TaskRecord) -> dict[str, Any]:
    """Return a task in the form of the API."""
    status: str = "IN_PROGRESS" if record.polls_left > 0 else record.status
    created = timestamp(record.created_at)
    done = status in ("COMPLETE", "FAILED")
    return {
        "id": record.id,
        "name": record.name,
        "type": record.type,
        "status": status,
        "completionPercentage": 100.0 if status == "COMPLETE" else 0.0,
        "createdAt": created,
        "updatedAt": created,
        "errors": None,
        "result": record.result_url if done else None,
        "metadata": {},
    }


def task_record(info: Info, task_id: str) -> TaskRecord:
    """Return a task by its id.

    Raises:
        NotFoundError: There is no such task.
    """
    record = info.context.store.tasks.get(task_id)
    if record is None:
        raise NotFoundError("Task not found")
    return record


def task(_source: object, info: Info, *, where: dict[str, str] | None = None) -> dict[str, Any]:
    """Return a task by its id."""
    return task_form(task_record(info, (where or {}).get("id", "")))


def tasks(_source: object, info: Info, **part: Any) -> list[dict[str, Any]]:
    """Return the tasks that match a filter; clients poll this."""
    store = info.context.store
    forms = page([task_form(record) for record in store.tasks.values()], **part)
    for form in forms:
        record = store.tasks[form["id"]]
        record.polls_left = max(record.polls_left - 1, 0)
    return forms


def cancelable_types(_source: object, _info: Info) -> list[str]:
    """Return the types of tasks that can be canceled."""
    return ["".join(word.capitalize() for word in EXPORT_TASK_TYPE.split("-"))]


def cancel(_source: object, info: Info, *, id: str) -> dict[str, bool]:
    """Cancel an export that is still running."""
    record = task_record(info, id)
    if task_form(record)["status"] != "IN_PROGRESS":
        raise NotAllowedError("Only a task that is in progress can be canceled")
    record.status, record.polls_left = "CANCELED", 0
    return {"success": True}


RESOLVERS: Resolvers = {
    ("Query", "task"): task,
    ("Query", "cancelableTaskTypes"): cancelable_types,
    ("Mutation", "cancelBulkOperationJob"): cancel,
    ("User", "createdTasks"): tasks,
    ("Organization", "tasks"): tasks,
}
