"""Run the sandbox's HTTP server in a thread."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

import uvicorn

from deeplake_labelbox.sandbox.errors import SandboxError
from deeplake_labelbox.sandbox.faulty_answer import CuttableProtocol

if TYPE_CHECKING:
    from starlette.types import ASGIApp

HOST = "127.0.0.1"


def listen(port: int) -> socket.socket:
    """Return a socket that listens on 127.0.0.1; port 0 takes a free port.

    Raises:
        SandboxError: The port is in use.
    """
    # With an explicit protocol asyncio sets TCP_NODELAY, which saves 40 ms per reply.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except (OSError, OverflowError) as error:
        listener.close()
        raise SandboxError(
            f"Port {port} of {HOST} cannot be used; choose another or leave it to the sandbox."
        ) from error
    # Requests queue here until the thread has started, so nothing has to wait for the thread.
    listener.listen(128)
    return listener


class _SandboxServer(uvicorn.Server):
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Tasks that are still sending notice the lost connection and end, even if the client has
        # stopped reading.
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await super().shutdown(sockets)


class BackgroundServer:
    """An ASGI application on one or more listening sockets, served from a thread."""

    def __init__(self, app: ASGIApp, listeners: list[socket.socket]) -> None:
        self._listeners = listeners
        self._server = _SandboxServer(
            uvicorn.Config(
                app,
                http=CuttableProtocol,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=1,
            )
        )
        self._thread = threading.Thread(
            target=self._server.run, args=(listeners,), name="labelbox-sandbox", daemon=True
        )

    def start(self) -> None:
        """Start serving."""
        self._thread.start()

    def stop(self) -> None:
        """End all connections and wait for the thread."""
        self._server.should_exit = True
        self._thread.join()
        for listener in self._listeners:
            listener.close()
