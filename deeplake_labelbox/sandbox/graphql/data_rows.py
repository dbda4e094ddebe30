"""Resolve datasets and data rows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from deeplake_labelbox.sandbox.graphql.context import Resolvers, Services, lookup, page, timestamp
from deeplake_labelbox.sandbox.graphql.errors import NotFoundError
from deeplake_labelbox.sandbox.graphql.users import organization, user

if TYPE_CHECKING:
    from deeplake_labelbox.sandbox.graphql.context import Info
    from deeplake_labelbox.sandbox.store import DataRowRecord, DatasetRecord, Store

_PAGE = 500


def dataset_form(record: DatasetRecord, store: Store) -> dict[str, Any]:
    """Return a dataset in the form of the API."""
    created = timestamp(record.created_at)
    return {
        "id": record.id,
        "name": record.name,
        "description": record.description,
        "createdAt": created,
        "updatedAt": created,
        "rowCount": sum(row.dataset_id == record.id for row in store.data_rows.values()),
    }


def data_row_form(record: DataRowRecord, box: Services) -> dict[str, Any]:
    """Return a data row in the form of the API."""
    created = timestamp(record.created_at)
    fields = record.metadata_fields
    media = record.media_attributes
    return {
        "id": record.id,
        "externalId": record.external_id,
        "globalKey": record.global_key,
        "rowData": box.urls.row_data(record),
        "createdAt": created,
        "updatedAt": created,
        # In exports the same keys are in snake case.
        "mediaAttributes": {camel_case(name): value for name, value in media.items()},
        "customMetadata": box.store.metadata_schemas.custom_metadata(fields),
        "metadataFields": [
            {
                "schemaId": field.get("schema_id"),
                "name": field.get("schema_name"),
                "value": field.get("value"),
                "kind": field.get("schema_kind"),
            }
            for field in fields
        ],
        "dataset": dataset_form(box.store.datasets[record.dataset_id], box.store),
    }


def dataset(_source: object, info: Info, *, where: dict[str, str]) -> dict[str, Any]:
    """Return a dataset by its id."""
    store = info.context.store
    record = lookup(store.datasets, where["id"], "Dataset")
    return dataset_form(record, store)


def datasets(_source: object, info: Info, **part: Any) -> list[dict[str, Any]]:
    """Return all datasets, or those with a name."""
    store = info.context.store
    forms = [dataset_form(each, store) for each in store.datasets.values() if not each.deleted]
    return page(forms, **part)


def dataset_data_rows(_source: object, info: Info, **arguments: Any) -> dict[str, Any]:
    """Return a page of a dataset's data rows, newest first, after the row of the cursor."""
    box = info.context
    if arguments["id"] not in box.store.datasets:
        raise NotFoundError(f"Dataset {arguments['id']} not found")
    wanted = (arguments.get("where") or {}).get("externalId")
    rows = [
        row
        for row in reversed(box.store.data_rows.values())
        if row.dataset_id == arguments["id"] and wanted in (None, row.external_id)
    ]
    ids = [row.id for row in rows]
    cursor = arguments.get("from")
    start = ids.index(cursor) + 1 if cursor in ids else 0
    end = start + (arguments.get("first") or _PAGE)
    last = ids[end - 1] if end < len(ids) else None
    return {
        "nodes": [data_row_form(row, box) for row in rows[start:end]],
        "pageInfo": {"hasNextPage": last is not None, "startCursor": last},
    }


def data_row(_source: object, info: Info, *, where: dict[str, str]) -> dict[str, Any]:
    """Return a data row by its id."""
    box = info.context
    record = lookup(box.store.data_rows, where["id"], "Data row")
    return data_row_form(record, box)


def labeling_activity(
    source: dict[str, Any], info: Info, *, where: dict[str, str]
) -> dict[str, Any] | None:
    """Return the labeling state of a data row in a project."""
    project = info.context.store.projects.get(where["projectId"])
    assignment = project.assignments.get(source["id"]) if project else None
    return {"selectedLabelId": assignment.selected_label_id} if assignment else None


def rows_for_global_keys(
    _source: object, _info: Info, *, where: dict[str, list[str]]
) -> dict[str, str]:
    """Start a job; its id encodes the keys, so nothing has to be stored."""
    return {"jobId": json.dumps(where["ids"])}


def rows_for_global_keys_result(
    _source: object, info: Info, *, jobId: dict[str, str]
) -> dict[str, Any]:
    """Return the result of the job."""
    store = info.context.store
    keys: list[str] = json.loads(jobId["id"])
    rows = [store.data_row_by_global_key(key) for key in keys]
    return {
        "jobStatus": "COMPLETE",
        "data": {
            "fetchedDataRows": [{"id": row.id if row else ""} for row in rows],
            "notFoundGlobalKeys": [key for key, row in zip(keys, rows, strict=True) if row is None],
            "accessDeniedGlobalKeys": [],
        },
    }


def external_ids(_source: object, info: Info, *, externalId_in: list[str]) -> list[dict[str, str]]:
    """Return the data rows with external ids, in all datasets."""
    rows = info.context.store.data_rows.values()
    return [
        {"dataRowId": row.id, "externalId": row.external_id}
        for row in rows
        if row.external_id is not None and row.external_id in externalId_in
    ]


def all_processed(
    _source: object,
    info: Info,
    *,
    dataRowIds: list[str] | None = None,
    globalKeys: list[str] | None = None,
) -> dict[str, bool]:
    """Return whether the files of data rows have been processed, with or without success."""
    store = info.context.store
    rows = [store.data_rows.get(row_id) for row_id in dataRowIds or ()]
    rows += [store.data_row_by_global_key(key) for key in globalKeys or ()]
    return {"allDataRowsHaveBeenProcessed": all(row is None or row.processed for row in rows)}


def attachments(source: dict[str, Any], info: Info, **part: Any) -> list[dict[str, Any]]:
    """Return the attachments of a data row."""
    return page(info.context.store.data_rows[source["id"]].attachments, **part)


def camel_case(name: str) -> str:
    """Convert a name such as ``frame_rate`` to ``frameRate``."""
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


RESOLVERS: Resolvers = {
    ("Query", "dataset"): dataset,
    ("Query", "datasets"): datasets,
    ("Query", "datasetDataRows"): dataset_data_rows,
    ("Query", "dataRow"): data_row,
    ("Query", "dataRowsForGlobalKeys"): rows_for_global_keys,
    ("Query", "dataRowsForGlobalKeysResult"): rows_for_global_keys_result,
    ("Query", "externalIdsToDataRowIds"): external_ids,
    ("Query", "queryAllDataRowsHaveBeenProcessed"): all_processed,
    ("DataRow", "labelingActivity"): labeling_activity,
    ("DataRow", "attachments"): attachments,
    ("DataRow", "createdBy"): user,
    ("DataRow", "organization"): organization,
    ("Dataset", "createdBy"): user,
    ("Dataset", "organization"): organization,
}
