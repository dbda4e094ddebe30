"""Resolve uploaded files, and the data rows that are created from them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from deeplake_labelbox.sandbox.background import UPLOAD_TASK_TYPE
from deeplake_labelbox.sandbox.graphql.context import Resolvers
from deeplake_labelbox.sandbox.graphql.data_rows import data_row_form
from deeplake_labelbox.sandbox.graphql.errors import InvalidQueryError
from deeplake_labelbox.sandbox.graphql.tasks import task_form, task_record
from deeplake_labelbox.sandbox.multipart import UploadedFile
from deeplake_labelbox.sandbox.store import UploadRecord
from deeplake_labelbox.sandbox.uploading import DataRowUpload, ManifestError

if TYPE_CHECKING:
    from deeplake_labelbox.sandbox.graphql.context import Info


def upload_file(_source: object, info: Info, **arguments: Any) -> dict[str, Any]:
    """Store a file and return its URL."""
    file = arguments["file"]
    if not isinstance(file, UploadedFile):
        raise InvalidQueryError("Variable 'file' must be a file of a multipart request")
    box = info.context
    upload_id = box.store.identifiers.new()
    path = box.store.folder / upload_id
    path.write_bytes(file.content)
    record = UploadRecord(upload_id, file.filename, path)
    box.store.uploads[record.id] = record
    url = box.urls.signed.sign(f"/uploads/{record.id}/{record.filename}")
    return {"url": url, "filename": record.filename}


def upsert_data_rows(_source: object, info: Info, *, data: dict[str, str]) -> dict[str, Any]:
    """Create the data rows of a manifest; the task has ended when the reply is sent."""
    box = info.context
    upload = DataRowUpload(box.store, box.urls)
    try:
        payloads = upload.specs(data["manifestUri"])
    except ManifestError as error:
        raise InvalidQueryError(str(error)) from error
    task = box.tasks.start(UPLOAD_TASK_TYPE, "JSON Import")
    if task.status == "COMPLETE":
        upload.create(payloads, task)
        task.result_url = box.urls.signed.sign(f"/tasks/{task.id}/result.json")
    return task_form(task)


def created_rows(_source: object, info: Info, *, data: dict[str, Any]) -> dict[str, Any]:
    """Return the data rows that an upload created."""
    box = info.context
    task = task_record(info, data["taskId"])
    rows = [box.store.data_rows[row_id] for row_id in task.created_rows]
    shown, after = _page([data_row_form(row, box) for row in rows], data)
    return {"nodes": shown, "after": after, "total": len(rows)}


def rejected_rows(_source: object, info: Info, *, data: dict[str, Any]) -> dict[str, Any]:
    """Return the data rows that an upload rejected, each with the reason."""
    rejected = task_record(info, data["taskId"]).rejected_rows
    shown, after = _page([rejected_form(row) for row in rejected], data)
    return {"results": shown, "after": after, "total": len(rejected)}


def rejected_form(row: dict[str, Any]) -> dict[str, Any]:
    """Return a rejected data row in the form of the API."""
    row_data = row.get("row_data")
    metadata = row.get("metadata_fields") or row.get("metadata") or []
    return {
        "message": row["message"],
        "spec": {
            "externalId": row.get("external_id"),
            "globalKey": row.get("global_key"),
            "rowData": row_data if isinstance(row_data, str | None) else json.dumps(row_data),
            "metadata": [{"schemaId": each.get("schemaId"), **each} for each in metadata],
            "attachments": row.get("attachments") or [],
        },
    }


def _page(forms: list[dict[str, Any]], data: dict[str, Any]) -> tuple[list[Any], str | None]:
    start = int(data.get("from") or 0)
    end = start + (data.get("first") or len(forms))
    return forms[start:end], str(end) if end < len(forms) else None


RESOLVERS: Resolvers = {
    ("Mutation", "uploadFile"): upload_file,
    ("Mutation", "upsertDataRows"): upsert_data_rows,
    ("Query", "successesfulDataRowImports"): created_rows,
    ("Query", "failedDataRowImports"): rejected_rows,
}
