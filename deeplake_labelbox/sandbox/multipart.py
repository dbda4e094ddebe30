"""Read GraphQL requests with files, in the form of the GraphQL multipart request convention."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import python_multipart  # noqa: F401 - starlette parses forms with it, and asks for it too late
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    from starlette.requests import Request


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """The value of an ``Upload`` variable; only its bytes are reliable, not its name."""

    filename: str
    content: bytes


async def graphql_body(request: Request) -> Any:
    """Return the JSON body of a GraphQL request, with files in place of their variables.

    None if the body is neither JSON nor a valid multipart form.
    """
    try:
        if not request.headers.get("content-type", "").startswith("multipart/form-data"):
            return json.loads(await request.body())
        async with request.form() as form:
            body = json.loads(str(form["operations"]))
            for part, paths in json.loads(str(form["map"])).items():
                file = form[part]
                if not isinstance(file, UploadFile):
                    return None
                uploaded = UploadedFile(file.filename or "", await file.read())
                for path in paths:
                    _put(body, path.split("."), uploaded)
            return body
    except (ValueError, KeyError, TypeError, AttributeError, HTTPException):
        return None


def _put(body: dict[str, Any], path: list[str], value: UploadedFile) -> None:
    *parents, last = path
    for name in parents:
        body = body[name]
    body[last] = value
