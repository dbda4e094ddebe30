"""Files that clients upload."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deeplake_labelbox.sandbox.graphql.context import Resolvers, services
from deeplake_labelbox.sandbox.graphql.errors import InvalidQueryError
from deeplake_labelbox.sandbox.multipart import UploadedFile
from deeplake_labelbox.sandbox.store import UploadRecord

if TYPE_CHECKING:
    from deeplake_labelbox.sandbox.graphql.context import Info


def upload_file(_source: object, info: Info, **arguments: Any) -> dict[str, Any]:
    """Keep a file; its URL is all that a client gets back."""
    file = arguments["file"]
    if not isinstance(file, UploadedFile):
        raise InvalidQueryError("Variable 'file' must be a file of a multipart request")
    box = services(info)
    record = UploadRecord(box.store.identifiers.new(), file.filename, file.content)
    box.store.uploads[record.id] = record
    url = box.urls.signed.sign(f"/uploads/{record.id}/{record.filename}")
    return {"url": url, "filename": record.filename}


RESOLVERS: Resolvers = {("Mutation", "uploadFile"): upload_file}
