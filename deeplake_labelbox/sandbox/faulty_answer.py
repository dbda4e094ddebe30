"""Inject a fault into an HTTP response or its connection."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from starlette.datastructures import MutableHeaders
from starlette.responses import JSONResponse, Response
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from deeplake_labelbox.sandbox.faults import Fault


class CuttableProtocol(H11Protocol):
    """An HTTP connection that the application can cut."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn
        """Pass the transport to the requests of this connection."""
        super().connection_made(transport)
        self._lost = asyncio.Event()
        self.app_state: dict[str, Any] = {
            **self.app_state,
            "transport": transport,
            "lost": self._lost,
        }

    def connection_lost(self, exc: Exception | None) -> None:
        """Wake what waits for the end of this connection."""
        super().connection_lost(exc)
        self._lost.set()


class FaultyAnswer:
    """An ASGI application that responds with a fault.

    Args:
        fault: The fault.
        answer: The application whose response is delayed, cut or shortened.
    """

    def __init__(self, fault: Fault, answer: ASGIApp) -> None:
        self._fault = fault
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        fault = self._fault
        if fault.kind == "status":
            await self._refusal()(scope, receive, send)
        elif fault.kind == "drop":
            await _close_connection(scope)
        elif fault.kind == "delay":
            lost: asyncio.Event = scope["state"]["lost"]
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(lost.wait(), fault.delay)
            # A client that has disconnected gets no response.
            if not lost.is_set():
                await self._answer(scope, receive, send)
        elif fault.kind == "truncate":
            await self._answer(scope, receive, _Shortened(send, fault.after_bytes))
        else:
            # The application may send more after the cut; nobody reads it.
            with contextlib.suppress(_Cut):
                await self._answer(scope, receive, _CutOff(scope, send, fault.after_bytes))

    def _refusal(self) -> Response:
        fault = self._fault
        if fault.body is not None:
            return Response(fault.body, fault.status, fault.headers)
        message = "You have exceeded your rate limit" if fault.status == 429 else "Fault on demand"
        return JSONResponse({"message": message}, fault.status, fault.headers)


class _Cut(Exception):  # noqa: N818 - a signal, not an error
    """The connection was cut on purpose."""


class _CutOff:
    """Sends the head and the first bytes of the body, and closes the connection."""

    def __init__(self, scope: Scope, send: Send, after_bytes: int) -> None:
        self._scope = scope
        self._send = send
        self._left = after_bytes

    async def __call__(self, message: Message) -> None:
        if message["type"] != "http.response.body":
            await self._send(message)
            return
        body = message.get("body", b"")
        if len(body) <= self._left and message.get("more_body"):
            self._left -= len(body)
            await self._send(message)
            return
        # A response shorter than the cut is cut before its last byte.
        kept = body[: min(self._left, max(len(body) - 1, 0))]
        await self._send({"type": "http.response.body", "body": kept, "more_body": True})
        await _close_connection(self._scope)
        raise _Cut


class _Shortened:
    """Sends a valid response that ends early."""

    def __init__(self, send: Send, length: int) -> None:
        self._send = send
        self._left = length

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=list(message["headers"]))
            if "content-length" in headers:
                self._left = min(self._left, int(headers["content-length"]))
                headers["content-length"] = str(self._left)
            await self._send({**message, "headers": headers.raw})
            return
        body = message.get("body", b"")[: self._left]
        self._left -= len(body)
        await self._send({**message, "body": body})


async def _close_connection(scope: Scope) -> None:
    transport: asyncio.Transport = scope["state"]["transport"]
    transport.close()
    # Pending bytes are sent first; after that the server notices the loss.
    await scope["state"]["lost"].wait()
