"""Batches: sending data rows to a project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deeplake_labelbox.sandbox.background import BATCH_TASK_TYPE
from deeplake_labelbox.sandbox.graphql.context import Resolvers, Services, services
from deeplake_labelbox.sandbox.graphql.errors import ConflictError, NotFoundError
from deeplake_labelbox.sandbox.graphql.projects import batch_form
from deeplake_labelbox.sandbox.store import AssignmentRecord, BatchRecord, ProjectRecord, now

if TYPE_CHECKING:
    from deeplake_labelbox.sandbox.graphql.context import Info
    from deeplake_labelbox.sandbox.store import TaskRecord

_MAX_ROWS = 100_000


def create(source: dict[str, str], info: Info, *, input: dict[str, Any]) -> dict[str, Any]:  # noqa: A002 - the schema's name
    """A batch of at most a thousand data rows."""
    box = services(info)
    project = box.store.projects[source["id"]]
    batch = _new(box, project, input["name"], input.get("priority"))
    failed = _fill(box, project, batch, _row_ids(box, input))
    return {"batch": batch_form(batch), "failedDataRowIds": failed}


def create_empty(source: dict[str, str], info: Info, *, input: dict[str, Any]) -> dict[str, Any]:  # noqa: A002 - the schema's name
    """A batch to which data rows are added later."""
    box = services(info)
    return batch_form(_new(box, box.store.projects[source["id"]], input["name"], None))


def add_rows(source: dict[str, str], info: Info, *, input: dict[str, Any]) -> dict[str, Any]:  # noqa: A002 - the schema's name
    """Fill a batch."""
    box = services(info)
    batch = box.store.batches.get(input["batchId"])
    if batch is None or batch.project_id != source["id"]:
        raise NotFoundError(f"Batch {input['batchId']} not found")
    batch.priority = input.get("priority") or batch.priority
    task = _filling(box, box.store.projects[source["id"]], batch, _row_ids(box, input))
    return {"batchUuid": batch.id, "taskId": task.id}


def create_many(source: dict[str, str], info: Info, *, input: dict[str, Any]) -> dict[str, Any]:  # noqa: A002 - the schema's name
    """Batches of any number of data rows."""
    return _many(services(info), source["id"], input, _row_ids(services(info), input))


def create_from_dataset(
    source: dict[str, str],
    info: Info,
    *,
    input: dict[str, Any],  # noqa: A002 - the schema's name
) -> dict[str, Any]:
    """Batches of those data rows of a dataset that are not in the project yet."""
    box = services(info)
    dataset = box.store.datasets.get(input["datasetId"])
    if dataset is None or dataset.deleted:
        raise NotFoundError(f"Dataset {input['datasetId']} not found")
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
        batch = _new(box, project, name, given.get("priority"))
        task = _filling(box, project, batch, row_ids[start : start + _MAX_ROWS])
        tasks.append({"batchUuid": batch.id, "taskId": task.id})
    return {"tasks": tasks}


def _new(box: Services, project: ProjectRecord, name: str, priority: int | None) -> BatchRecord:
    for batch in box.store.batches.values():
        if (batch.project_id, batch.name) == (project.id, name):
            raise ConflictError(f"A batch with the name '{name}' already exists in the project")
    batch = BatchRecord(box.store.identifiers.new(), project.id, name, now(), priority or 5)
    box.store.batches[batch.id] = batch
    return batch


def _filling(
    box: Services, project: ProjectRecord, batch: BatchRecord, row_ids: list[str]
) -> TaskRecord:
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
        if row_id not in box.store.data_rows or row_id in project.assignments:
            failed.append(row_id)
            continue
        batch.data_row_ids.append(row_id)
        project.assignments[row_id] = AssignmentRecord(row_id, batch.id, "TO_LABEL", now())
    return failed


def _row_ids(box: Services, given: dict[str, Any]) -> list[str]:
    ids = list(given.get("dataRowIds") or [])
    for key in given.get("globalKeys") or []:
        row = box.store.data_row_by_global_key(key)
        ids.append(key if row is None else row.id)
    return ids


RESOLVERS: Resolvers = {
    ("ProjectChange", "createBatchV2"): create,
    ("ProjectChange", "createEmptyBatch"): create_empty,
    ("ProjectChange", "addDataRowsToBatchAsync"): add_rows,
    ("ProjectChange", "createBatches"): create_many,
    ("ProjectChange", "createBatchesFromDataset"): create_from_dataset,
}
