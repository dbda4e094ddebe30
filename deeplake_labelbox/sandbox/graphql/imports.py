"""Resolve imports of annotations."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from deeplake_labelbox.sandbox.graphql.context import Resolvers, Services, lookup, page
from deeplake_labelbox.sandbox.graphql.errors import (
    ConflictError,
    InvalidQueryError,
    NotFoundError,
)
from deeplake_labelbox.sandbox.graphql.projects import project_form
from deeplake_labelbox.sandbox.multipart import UploadedFile
from deeplake_labelbox.sandbox.remote_files import RemoteFileError, fetch

if TYPE_CHECKING:
    from deeplake_labelbox.sandbox.graphql.context import Info
    from deeplake_labelbox.sandbox.store import ImportKind, ImportRecord


def import_form(record: ImportRecord, box: Services) -> dict[str, Any]:
    """Return an import in the form of the API; it has files once it has ended."""
    running = record.polls_left > 0
    state = "RUNNING" if running else record.state

    def url(part: str) -> str | None:
        return None if running else box.urls.signed.sign(f"/imports/{record.id}/{part}.ndjson")

    return {
        "id": record.id,
        "name": record.name,
        "state": state,
        "progress": "100%" if state == "FINISHED" else "0%",
        "inputFileUrl": record.input_url
        or box.urls.signed.sign(f"/imports/{record.id}/inputs.ndjson"),
        "statusFileUrl": url("statuses"),
        "errorFileUrl": url("errors"),
        "project": project_form(box.store.projects[record.project_id], box.store),
    }


def create(
    kind: ImportKind, _source: object, info: Info, *, data: dict[str, Any]
) -> dict[str, Any]:
    """Import a file; it has been read when the reply is sent."""
    box = info.context
    project = lookup(box.store.projects, data["projectId"], "Project")
    if box.imports.named(kind, project.id, data["name"]) is not None:
        raise ConflictError(f"An import with the name '{data['name']}' already exists")
    content, url = _content(box, data), data.get("fileUrl")
    record = box.imports.run(kind, project, data["name"], content, url)
    return import_form(record, box)


def by_name(
    kind: ImportKind, _source: object, info: Info, *, where: dict[str, str]
) -> dict[str, Any]:
    """Return an import by its name; clients poll this."""
    box = info.context
    record = box.imports.named(kind, where["projectId"], where["name"])
    if record is None:
        raise NotFoundError(f"Import '{where['name']}' not found")
    record.polls_left = max(record.polls_left - 1, 0)
    return import_form(record, box)


def of_project(
    kind: ImportKind, _source: object, info: Info, *, where: dict[str, str], **part: Any
) -> list[dict[str, Any]]:
    """Return the imports of a project."""
    box = info.context
    records = [
        import_form(record, box)
        for record in box.store.imports.values()
        if (record.kind, record.project_id) == (kind, where["projectId"])
    ]
    return page(records, **part)


def delete(_source: object, info: Info, *, where: dict[str, str]) -> dict[str, Any]:
    """Delete an import of pre-labels; the imported pre-labels stay."""
    box = info.context
    record = box.store.imports.get(where["id"])
    if record is None or record.kind != "pre-label":
        raise NotFoundError(f"Import {where['id']} not found")
    form = import_form(record, box)
    del box.store.imports[record.id]
    return form


def _content(box: Services, data: dict[str, Any]) -> bytes:
    if data.get("fileUrl"):
        try:
            return fetch(data["fileUrl"], box.store, box.urls)
        except RemoteFileError as error:
            raise InvalidQueryError(str(error)) from error
    file = (data.get("filePayload") or {}).get("file")
    if not isinstance(file, UploadedFile):
        raise InvalidQueryError("Variable 'file' must be a file of a multipart request")
    return file.content


RESOLVERS: Resolvers = {
    ("Query", "labelImport"): partial(by_name, "label"),
    ("Query", "labelImports"): partial(of_project, "label"),
    ("Query", "modelAssistedLabelingPredictionImport"): partial(by_name, "pre-label"),
    ("Query", "modelAssistedLabelingPredictionImports"): partial(of_project, "pre-label"),
    ("Mutation", "createLabelImport"): partial(create, "label"),
    ("Mutation", "createModelAssistedLabelingPredictionImport"): partial(create, "pre-label"),
    ("Mutation", "deleteModelAssistedLabelingPredictionImport"): delete,
}
