"""Resolve batches: send data rows to a project, and remove them again."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from deeplake_labelbox.sandbox.background import BATCH_TASK_TYPE
from deeplake_labelbox.sandbox.graphql.context import Resolvers, Services, lookup
from deeplake_labelbox.sandbox.graphql.errors import (
    ConflictError,
    InvalidQueryError,
    MalformedError,
    NotAllowedError,
    NotFoundError,
)
from deeplake_labelbox.sandbox.graphql.projects import batch_form
from deeplake_labelbox.sandbox.labeling import Labeling
from deeplake_labelbox.sandbox.removal import remove_batch, unassign
from deeplake_labelbox.sandbox.store import (
    AssignmentRecord,
    BatchRecord,
    ProjectRecord,
    list_later,
    now,
)

if TYPE_CHECKING:
    from deeplake_labelbox.sandbox.graphql.context import Info
    from deeplake_labelbox.sandbox.store import TaskRecord

_MAX_ROWS: Final = 100_000
_LOWEST_PRIORITY: Final = 5
_NONE_VALID: Final = "No valid data rows to be added from the list provided!"


def create(source: dict[str, str], info: Info, *, input: dict[str, Any]) -> dict[str, Any]:
    """Create a batch of at most a thousand data rows; at least one must be valid."""
    box = info.context
    project = box.store.projects[source["id"]]
    if input.get("priority") is None:
        raise InvalidQueryError("priority must not be null")
    _check_name(box, project, input["name"])
    rows = _row_ids(box, input)
    _check_valid(box, project, input, rows)
    batch = _new(box, project, input["name"], input)
    failed = _fill(box, project, batch, rows)
    return {"batch": batch_form(batch), "failedDataRowIds": failed}


def create_empty(source: dict[str, str], info: Info, *, input: dict[str, Any]) -> dict[str, Any]:
    """Create a batch without data rows."""
    box = info.context
    project = box.store.projects[source["id"]]
    return batch_form(_new(box, project, input["name"], input))


def add_rows(source: dict[str, str], info: Info, *, input: dict[str, Any]) -> dict[str, Any]:
    """Add data rows to a batch."""
    box = info.context
    batch = _batch(box, source["id"], input["batchId"])
    batch.priority = input.get("priority") or batch.priority
    task = _start_filling(box, box.store.projects[source["id"]], batch, _row_ids(box, input))
    return {"batchUuid": batch.id, "taskId": task.id}


def remove_queued(source: dict[str, str], info: Info, *, batchId: str) -> dict[str, Any]:
    """Remove the unlabeled data rows of a batch from the project."""
    box = info.context
    project = box.store.projects[source["id"]]
    batch = _batch(box, project.id, batchId)
    for row_id in list(batch.data_row_ids):
        if not project.assignments[row_id].label_ids:
            unassign(box.store, project, row_id)
    return batch_form(batch)


def delete(source: dict[str, str], info: Info, *, batchId: str) -> dict[str, str]:
    """Delete a batch; its data rows leave the project, unless there are labels."""
    box = info.context
    project = box.store.projects[source["id"]]
    batch = _batch(box, project.id, batchId)
    if any(project.assignments[row_id].label_ids for row_id in batch.data_row_ids):
        raise NotAllowedError("A batch whose data rows have labels cannot be deleted")
    box.store.lag.later("deletions", partial(remove_batch, box.store, batch))
    return {"deletedBatchId": batch.id}


def delete_labels(
    source: dict[str, str], info: Info, *, batchId: str, data: dict[str, Any]
) -> dict[str, list[str]]:
    """Delete the labels of a batch, so that its data rows can be labeled again."""
    box = info.context
    project = box.store.projects[source["id"]]
    deleted = []
    for row_id in _batch(box, project.id, batchId).data_row_ids:
        assignment = project.assignments[row_id]
        labeling = Labeling(box.store, project, assignment)
        for label_id in list(assignment.label_ids):
            label = box.store.labels[label_id]
            if data["type"] == "RequeueDataWithLabelAsTemplate":
                assignment.pre_labels = dict(label.annotations)
            labeling.delete(label)
            labeling.move("TO_LABEL")
            deleted.append(label_id)
    return {"deletedLabelIds": deleted}


def create_many(source: dict[str, str], info: Info, *, input: dict[str, Any]) -> dict[str, Any]:
    """Create batches of any number of data rows."""
    return _many(info.context, source["id"], input, _row_ids(info.context, input))


def create_from_dataset(
    source: dict[str, str], info: Info, *, input: dict[str, Any]
) -> dict[str, Any]:
    """Create batches of the data rows of a dataset that are not in the project yet."""
    box = info.context
    dataset = lookup(box.store.datasets, input["datasetId"], "Dataset")
    project = box.store.projects[source["id"]]
    rows = [
        row.id
        for row in box.store.data_rows.values()
        if row.dataset_id == dataset.id and row.id not in project.assignments
    ]
    return _many(box, source["id"], input, rows)


def _many(
    box: Services, project_id: str, given: dict[str, Any], row_ids: list[str]
) -> dict[str, Any]:
    project = box.store.projects[project_id]
    tasks = []
    for number, start in enumerate(range(0, len(row_ids), _MAX_ROWS)):
        name = f"{given['batchNamePrefix']}{number:04d}"
        batch = _new(box, project, name, given)
        task = _start_filling(box, project, batch, row_ids[start : start + _MAX_ROWS])
        tasks.append({"batchUuid": batch.id, "taskId": task.id})
    return {"tasks": tasks}


def _check_name(box: Services, project: ProjectRecord, name: str) -> None:
    for batch in box.store.batches.values():
        if (batch.project_id, batch.name) == (project.id, name):
            raise ConflictError(f"A batch with the name '{name}' already exists in the project")


def _new(box: Services, project: ProjectRecord, name: str, given: dict[str, Any]) -> BatchRecord:
    _check_name(box, project, name)
    batch = BatchRecord(
        box.store.identifiers.new(),
        project.id,
        name,
        now(),
        given.get("priority") or _LOWEST_PRIORITY,
        given.get("consensusSettings"),
    )
    box.store.batches[batch.id] = batch
    return batch


def _batch(box: Services, project_id: str, batch_id: str) -> BatchRecord:
    batch = box.store.batches.get(batch_id)
    if batch is None or batch.project_id != project_id:
        raise NotFoundError(f"Batch {batch_id} not found")
    return batch


def _start_filling(
    box: Services, project: ProjectRecord, batch: BatchRecord, row_ids: list[str]
) -> TaskRecord:
    if not any(_is_valid(box, project, row_id) for row_id in row_ids):
        box.tasks.next_failure = box.tasks.next_failure or _NONE_VALID
    task = box.tasks.start(BATCH_TASK_TYPE, "Adding data rows to batch", project.id)
    if task.status == "COMPLETE":
        _fill(box, project, batch, row_ids)
    else:
        del box.store.batches[batch.id]
    return task


def _fill(
    box: Services, project: ProjectRecord, batch: BatchRecord, row_ids: list[str]
) -> list[str]:
    failed = []
    for row_id in row_ids:
        if not _is_valid(box, project, row_id):
            failed.append(row_id)
            continue
        batch.data_row_ids.append(row_id)
        assignment = AssignmentRecord(row_id, batch.id, "TO_LABEL", now())
        project.assignments[row_id] = assignment
        list_later(box.store, assignment)
    return failed


def _is_valid(box: Services, project: ProjectRecord, row_id: str) -> bool:
    row = box.store.data_rows.get(row_id)
    return row is not None and row.fault is None and row_id not in project.assignments


def _check_valid(
    box: Services, project: ProjectRecord, given: dict[str, Any], row_ids: list[str]
) -> None:
    """Refuse a batch without a valid data row, with Labelbox's message."""
    if any(_is_valid(box, project, row_id) for row_id in row_ids):
        return
    unknown = [row_id for row_id in row_ids if row_id not in box.store.data_rows]
    if given.get("globalKeys") and unknown:
        keys = ", ".join(unknown)
        raise MalformedError(f"Data rows with the following global keys do not exist: {keys}.")
    known = len(unknown) < len(row_ids)
    raise MalformedError("No valid data rows to add to project" if known else _NONE_VALID)


def _row_ids(box: Services, given: dict[str, Any]) -> list[str]:
    ids = list(given.get("dataRowIds") or [])
    for key in given.get("globalKeys") or []:
        row = box.store.data_row_by_global_key(key)
        ids.append(key if row is None else row.id)
    return ids


RESOLVERS: Resolvers = {
    ("ProjectChange", "createBatchV2"): create,
    ("ProjectChange", "removeQueuedDataRowsFromBatch"): remove_queued,
    ("ProjectChange", "deleteBatch"): delete,
    ("ProjectChange", "deleteBatchLabels"): delete_labels,
    ("ProjectChange", "createEmptyBatch"): create_empty,
    ("ProjectChange", "addDataRowsToBatchAsync"): add_rows,
    ("ProjectChange", "createBatches"): create_many,
    ("ProjectChange", "createBatchesFromDataset"): create_from_dataset,
}
