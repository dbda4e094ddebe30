"""Change and delete data rows and their attachments."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from deeplake_labelbox.sandbox.graphql.context import Resolvers, Services, lookup
from deeplake_labelbox.sandbox.graphql.data_rows import data_row_form
from deeplake_labelbox.sandbox.graphql.errors import InvalidQueryError, NotFoundError
from deeplake_labelbox.sandbox.metadata import MetadataError
from deeplake_labelbox.sandbox.remote_files import RemoteFileError
from deeplake_labelbox.sandbox.removal import remove_data_row
from deeplake_labelbox.sandbox.uploading import DataRowUpload, RejectedRowError

if TYPE_CHECKING:
    from deeplake_labelbox.sandbox.graphql.context import Info
    from deeplake_labelbox.sandbox.store import DataRowRecord

_NAMES = {
    "externalId": "external_id",
    "globalKey": "global_key",
    "rowData": "row_data",
    "metadataFields": "metadata_fields",
}


def update(
    _source: object, info: Info, *, where: dict[str, str], data: dict[str, Any]
) -> dict[str, Any]:
    """Change names, file or metadata of a data row."""
    box = info.context
    row = lookup(box.store.data_rows, where["id"], "Data row")
    payload = {_NAMES[name]: value for name, value in data.items()}
    if str(payload.get("row_data") or "").startswith("{"):
        payload["row_data"] = json.loads(payload["row_data"])
    try:
        DataRowUpload(box.store, box.urls).change(row, payload)
    except (RejectedRowError, RemoteFileError, MetadataError) as error:
        raise InvalidQueryError(str(error)) from error
    return data_row_form(row, box)


def delete(_source: object, info: Info, *, where: dict[str, list[str]]) -> list[dict[str, str]]:
    """Delete data rows, with their labels in all projects."""
    store = info.context.store
    ids = [row_id for row_id in where["dataRowIds"] if row_id in store.data_rows]
    for row_id in ids:
        store.lag.later("deletions", partial(remove_data_row, store, row_id))
    return [{"id": row_id} for row_id in ids]


def attach(_source: object, info: Info, *, data: dict[str, Any]) -> dict[str, Any]:
    """Add an attachment to a data row."""
    box = info.context
    row = lookup(box.store.data_rows, data.pop("dataRowId"), "Data row")
    row.attachments += box.store.identifiers.identified([data])
    return row.attachments[-1]


def update_attachment(
    _source: object, info: Info, *, where: dict[str, str], data: dict[str, Any]
) -> dict[str, Any]:
    """Change an attachment; null values change nothing."""
    _, attachment = _attachment(info.context, where["id"])
    attachment |= {name: value for name, value in data.items() if value is not None}
    return attachment


def detach(_source: object, info: Info, *, where: dict[str, str]) -> dict[str, Any]:
    """Delete an attachment."""
    row, attachment = _attachment(info.context, where["id"])
    row.attachments.remove(attachment)
    return attachment


def _attachment(box: Services, attachment_id: str) -> tuple[DataRowRecord, dict[str, Any]]:
    for row in box.store.data_rows.values():
        for attachment in row.attachments:
            if attachment["id"] == attachment_id:
                return row, attachment
    raise NotFoundError(f"Attachment {attachment_id} not found")


RESOLVERS: Resolvers = {
    ("Mutation", "updateDataRow"): update,
    ("Mutation", "deleteDataRows"): delete,
    ("Mutation", "createDataRowAttachment"): attach,
    ("Mutation", "updateDataRowAttachment"): update_attachment,
    ("Mutation", "deleteDataRowAttachment"): detach,
}
