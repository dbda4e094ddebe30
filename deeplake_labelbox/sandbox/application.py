"""Serve the HTTP applications of a sandbox: its API host and its storage host."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from deeplake_labelbox.sandbox.faulty_answer import FaultyAnswer
from deeplake_labelbox.sandbox.graphql.data_rows import data_row_form
from deeplake_labelbox.sandbox.graphql.errors import error_reply
from deeplake_labelbox.sandbox.graphql.execution import operation_name, run
from deeplake_labelbox.sandbox.graphql.uploads import rejected_form
from deeplake_labelbox.sandbox.masks import single_mask
from deeplake_labelbox.sandbox.multipart import graphql_body
from deeplake_labelbox.sandbox.rest import RestApi

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from deeplake_labelbox.sandbox.content import LabelContent, LabelTrack
    from deeplake_labelbox.sandbox.faults import Faults
    from deeplake_labelbox.sandbox.graphql.context import Services
    from deeplake_labelbox.sandbox.store import DataRowRecord, Store

Host = Literal["api", "storage"]


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """A request that the sandbox received; header names are lower case."""

    host: Host
    method: str
    path: str
    query: str
    headers: dict[str, str]
    operation: str | None = None


@dataclass(slots=True)
class RequestLog:
    """All requests that a sandbox received, in order."""

    received: list[ReceivedRequest] = field(default_factory=list)

    def add(self, host: Host, request: Request, operation: str | None = None) -> None:
        """Record a request."""
        self.received.append(
            ReceivedRequest(
                host,
                request.method,
                request.scope["path"],
                request.scope["query_string"].decode("latin-1"),
                dict(request.headers),
                operation,
            )
        )


class ApiHost:
    """Serves GraphQL, masks and private videos; every request needs the API key."""

    def __init__(self, box: Services, api_key: str, faults: Faults, log: RequestLog) -> None:
        self._box = box
        self._api_key = api_key
        self._faults = faults
        self._log = log
        self._api = RestApi(box.store)
        rest = "/api/v1"
        mask = f"{rest}/projects/{{project_id}}/annotations/{{feature_id}}/index/{{frame:int}}/mask"
        composite = f"{rest}/tasks/{{task_id}}/masks/{{mask_id}}/index/{{frame:int}}"
        video = f"{rest}/data-rows/{{row_id}}/videos/{{name:path}}"
        self.app: ASGIApp = Starlette(
            routes=[
                Route("/graphql", self._graphql, methods=["POST"]),
                Route("/_gql", self._graphql, methods=["POST"]),
                Route(mask, self._guarded(self._single_mask)),
                Route(composite, self._guarded(self._composite_mask)),
                Route(video, self._guarded(self._video)),
                *(
                    Route(f"{rest}{path}", self._rest(endpoint), methods=methods)
                    for path, methods, endpoint in self._api.routes
                ),
            ]
        )

    async def _graphql(self, request: Request) -> ASGIApp:
        operations = await graphql_body(request)
        query = operations.get("query") if isinstance(operations, dict) else None
        operation = operation_name(query) if isinstance(query, str) else None
        self._log.add("api", request, operation)
        fault = self._faults.take(request.scope["path"], operation or "")
        if fault is not None and fault.kind in ("status", "drop"):
            return FaultyAnswer(fault, Response())
        answer = await self._answer(request, query, operations)
        return answer if fault is None else FaultyAnswer(fault, answer)

    async def _answer(self, request: Request, query: object, operations: Any) -> Response:
        if not self._is_authorized(request):
            return JSONResponse(error_reply("Invalid API key", "AUTHENTICATION_ERROR"), 401)
        if not isinstance(query, str):
            message = "The request body is not a GraphQL request"
            return JSONResponse(error_reply(message, "MALFORMED_REQUEST", errors=[message]), 400)
        reply = await run_in_threadpool(run, query, operations.get("variables"), self._box)
        return JSONResponse(reply)

    def _rest(
        self, endpoint: Callable[[Request, dict[str, Any]], Response]
    ) -> Callable[[Request], Awaitable[ASGIApp]]:
        async def answer(request: Request) -> ASGIApp:
            self._log.add("api", request)
            fault = self._faults.take(request.scope["path"])
            if self._is_authorized(request):
                real = await self._api.answer(request, endpoint)
            else:
                real = _unauthorized()
            return real if fault is None else FaultyAnswer(fault, real)

        return answer

    def _guarded(self, endpoint: Callable[[Request], Response]) -> Callable[[Request], ASGIApp]:
        def answer(request: Request) -> ASGIApp:
            self._log.add("api", request)
            fault = self._faults.take(request.scope["path"])
            real = endpoint(request) if self._is_authorized(request) else _unauthorized()
            return real if fault is None else FaultyAnswer(fault, real)

        return answer

    def _is_authorized(self, request: Request) -> bool:
        given = request.headers.get("authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {self._api_key}".encode())

    def _single_mask(self, request: Request) -> Response:
        wanted = request.path_params
        with self._box.store.lock:
            for content in _contents(self._box.store, wanted["project_id"]):
                for track in content.tracks:
                    if track.feature_id == wanted["feature_id"] and track.color is not None:
                        return _mask_response(content, track, wanted["frame"])
        return _not_found()

    def _composite_mask(self, request: Request) -> Response:
        wanted = request.path_params
        with self._box.store.lock:
            if wanted["task_id"] in self._box.store.tasks:
                for content in _contents(self._box.store):
                    if content.composite_mask_id == wanted["mask_id"]:
                        return _mask_response(content, None, wanted["frame"])
        return _not_found()

    def _video(self, request: Request) -> Response:
        row = self._box.store.data_rows.get(request.path_params["row_id"])
        if row is None or not row.private:
            return _not_found()
        return _file_response(row)


class StorageHost:
    """Serves videos and export files by signed URLs; like S3 it refuses API keys."""

    def __init__(self, box: Services, faults: Faults, log: RequestLog) -> None:
        self._box = box
        self._faults = faults
        self._log = log
        self.app: ASGIApp = Starlette(
            routes=[
                Route("/videos/{row_id}/{name:path}", self._guarded(self._video)),
                Route(
                    "/exports/{task_id}/{stream}/{start:int}-{end:int}.ndjson",
                    self._guarded(self._chunk),
                ),
                Route("/exports/{task_id}/RESULT.ndjson", self._guarded(self._whole_export)),
                Route("/tasks/{task_id}/result.json", self._guarded(self._upload_result)),
                Route("/uploads/{upload_id}/{name:path}", self._guarded(self._upload)),
                Route("/imports/{import_id}/{part}.ndjson", self._guarded(self._import_file)),
            ]
        )

    def _guarded(self, endpoint: Callable[[Request], Response]) -> Callable[[Request], ASGIApp]:
        def answer(request: Request) -> ASGIApp:
            self._log.add("storage", request)
            fault = self._faults.take(request.scope["path"])
            real = self._refusal(request) or endpoint(request)
            return real if fault is None else FaultyAnswer(fault, real)

        return answer

    def _refusal(self, request: Request) -> Response | None:
        if "authorization" in request.headers:
            return _storage_error(
                400, "InvalidArgument", "Only one auth mechanism allowed, and it is the signature"
            )
        expires = request.query_params.get("Expires", "")
        signature = request.query_params.get("Signature", "")
        if not self._box.urls.signed.accepts(request.scope["path"], expires, signature):
            return _storage_error(403, "AccessDenied", "Request has expired or is not signed")
        return None

    def _video(self, request: Request) -> Response:
        row = self._box.store.data_rows.get(request.path_params["row_id"])
        return _not_found() if row is None else _file_response(row)

    def _chunk(self, request: Request) -> Response:
        wanted = request.path_params
        stream = self._box.exports.stream(wanted["task_id"], wanted["stream"])
        if stream is None:
            return _not_found()
        return _ndjson(stream.content[wanted["start"] : wanted["end"] + 1])

    def _upload(self, request: Request) -> Response:
        upload = self._box.store.uploads.get(request.path_params["upload_id"])
        return _not_found() if upload is None else Response(upload.content)

    def _upload_result(self, request: Request) -> Response:
        store = self._box.store
        task = store.tasks.get(request.path_params["task_id"])
        if task is None:
            return _not_found()
        made = [data_row_form(store.data_rows[row_id], self._box) for row_id in task.created_rows]
        keys = ("id", "externalId", "globalKey", "rowData")
        return JSONResponse(
            {
                "createdDataRows": [{key: form[key] for key in keys} for form in made],
                "errors": [rejected_form(row) for row in task.rejected_rows],
            }
        )

    def _import_file(self, request: Request) -> Response:
        record = self._box.store.imports.get(request.path_params["import_id"])
        content = record.files.get(request.path_params["part"]) if record else None
        return _not_found() if content is None else _ndjson(content)

    def _whole_export(self, request: Request) -> Response:
        stream = self._box.exports.stream(request.path_params["task_id"], "RESULT")
        return _not_found() if stream is None else _ndjson(stream.content)


def two_hosts(api: ASGIApp, storage: ASGIApp, storage_port: int) -> ASGIApp:
    """Route each request to the host that listens on its port."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        is_storage = scope["server"][1] == storage_port
        await (storage if is_storage else api)(scope, receive, send)

    return answer


def _contents(store: Store, project_id: str | None = None) -> list[LabelContent]:
    return [
        label.content
        for label in store.labels.values()
        if label.content is not None and project_id in (None, label.project_id)
    ]


def _mask_response(content: LabelContent, track: LabelTrack | None, frame: int) -> Response:
    # A mask is valid until the next drawn one.
    drawn = [index for index in content.composite_masks if index <= frame]
    if not drawn:
        return _not_found()
    png = content.composite_masks[max(drawn)]
    if track is not None and track.color is not None:
        png = single_mask(png, track.color)
    return Response(png, media_type="image/png")


def _file_response(row: DataRowRecord) -> Response:
    if row.file is None or not row.file.is_file():
        return _not_found()
    return FileResponse(row.file, media_type=row.media_attributes.get("mime_type", "video/mp4"))


def _ndjson(content: bytes) -> Response:
    return Response(content, media_type="application/x-ndjson")


def _unauthorized() -> Response:
    return JSONResponse({"message": "Unauthorized"}, 401)


def _not_found() -> Response:
    return JSONResponse({"message": "Not found"}, 404)


def _storage_error(status: int, code: str, message: str) -> Response:
    body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Response(body, status, media_type="application/xml")
