"""Resolve background tasks, which clients poll, list and cancel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deeplake_labelbox.sandbox.exports import EXPORT_TASK_TYPE
from deeplake_labelbox.sandbox.graphql.context import (
    Resolvers,
    page,
    selected,
    services,
    timestamp,
)
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
        "metadata": record.metadata,
    }


def task(_source: object, info: Info, *, where: dict[str, str] | None = None) -> dict[str, Any]:
    """Return a task by its id."""
    record = services(info).store.tasks.get((where or {}).get("id", ""))
    if record is None:
        raise NotFoundError("Task not found")
    return task_form(record)


def tasks(
    _source: dict[str, Any],
    info: Info,
    *,
    where: dict[str, str] | None = None,
    skip: int | None = None,
    first: int | None = None,
) -> list[dict[str, Any]]:
    """Return the tasks that match a filter; clients poll this."""
    seen = []
    for record in services(info).store.tasks.values():
        form = task_form(record)
        if selected(where, form):
            seen.append((record, form))
    some = page(seen, skip, first)
    for record, _ in some:
        record.polls_left = max(record.polls_left - 1, 0)
    return [form for _, form in some]


def cancelable_types(_source: object, _info: Info) -> list[str]:
    """Return the types of tasks that can be canceled."""
    return ["".join(word.capitalize() for word in EXPORT_TASK_TYPE.split("-"))]


def cancel(_source: object, info: Info, *, id: str) -> dict[str, bool]:  # noqa: A002 - the schema's name
    """Cancel an export that is still running."""
    record = services(info).store.tasks.get(id)
    if record is None:
        raise NotFoundError("Task not found")
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
