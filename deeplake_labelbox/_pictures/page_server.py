"""Serve the page of a dataset on this machine, and read the dataset only as it is viewed."""

from __future__ import annotations

import logging
import re
import secrets
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from typing import Any, Final, Self

from deeplake_labelbox._pictures.clips import clip_size, encode_clip
from deeplake_labelbox._pictures.page import PAGE_WIDTH, page_bytes, page_json
from deeplake_labelbox._pictures.page_content import PageContent, clip_of_part
from deeplake_labelbox.errors import ConfigurationError, DeepLakeLabelboxError

_HOST: Final = "127.0.0.1"
_FILE: Final = re.compile(r"(video|part)-(\d{1,9})(?:-(\d{1,9}))?\.json")

_log = logging.getLogger(__name__)


class _Server(ThreadingHTTPServer):
    """Logs failed requests, except those that the browser canceled."""

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - overrides
        if not isinstance(sys.exception(), ConnectionError):
            _log.exception("A request for the page failed.")


class PageServer:
    """Serves a page to browsers on this machine during a ``with`` block.

    Its address has a part that nobody can guess, so other users of the machine and other pages in
    the browser cannot read the dataset.

    Args:
        content: The content of the page.
        width: Greatest width of the pictures in pixels.
        port: Port on 127.0.0.1; 0 takes a free one.

    Attributes:
        url: The address of the page.

    Raises:
        ConfigurationError: If the port is in use.
    """

    def __init__(self, content: PageContent, *, width: int = PAGE_WIDTH, port: int = 0) -> None:
        self._content = content
        self._width = width
        self._reading = threading.Lock()
        self._secret = secrets.token_urlsafe(16)
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.answer(self)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
                _log.debug(format, *args)

        try:
            self._server = _Server((_HOST, port), Handler)
        except OSError as error:
            raise ConfigurationError(
                f"Port {port} of {_HOST} cannot be used: {error.strerror}; choose another `port`."
            ) from error
        self._authority = f"{_HOST}:{self._server.server_port}"
        self.url = f"http://{self._authority}/{self._secret}/"
        self._thread = threading.Thread(
            target=self._server.serve_forever, name="page-server", daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Answer a request with the page, or with a part of its data."""
        status, kind, body = HTTPStatus.NOT_FOUND, "text/plain", "Not found."
        path, prefix = request.path.partition("?")[0], f"/{self._secret}/"
        # With another host name, a page from elsewhere tries to read from here (DNS rebinding).
        if request.headers.get("Host") == self._authority and path.startswith(prefix):
            try:
                found = self._find(path.removeprefix(prefix))
            except DeepLakeLabelboxError as error:
                status, body = HTTPStatus.INTERNAL_SERVER_ERROR, str(error)
            else:
                if found is not None:
                    status, (kind, body) = HTTPStatus.OK, found
        content = body.encode("utf-8", "replace")
        request.send_response(status)
        request.send_header("Content-Type", f"{kind}; charset=utf-8")
        request.send_header("Content-Length", str(len(content)))
        request.send_header(
            "Cache-Control", "private, max-age=3600" if status < 400 else "no-store"
        )
        request.send_header("X-Content-Type-Options", "nosniff")
        request.send_header("Referrer-Policy", "no-referrer")
        request.end_headers()
        request.wfile.write(content)

    def _find(self, name: str) -> tuple[str, str] | None:
        """Return type and text for a name; ``None`` if there is none of this name."""
        if not name:
            with self._reading:
                index = {**self._content.index(), "leftOut": 0}
            return "text/html", page_bytes(self._content.title, {"index": index}).decode()
        found = _FILE.fullmatch(name)
        if found is None or int(found[2]) >= len(self._content.videos):
            return None
        kind, video, number = found[1], int(found[2]), found[3]
        if kind == "video" and number is None:
            with self._reading:
                return "application/json", page_json(self._content.video(video))
        if kind == "part" and number is not None:
            part = self._part(video, int(number))
            return None if part is None else ("application/json", page_json(part))
        return None

    def _part(self, video: int, number: int) -> dict[str, Any] | None:
        with self._reading:
            part = next(islice(self._content.parts(video), number, None), None)
            if part is None:
                return None
            objects = self._content.objects(part, self._width)
            pictures = self._content.pictures(part)
        size = clip_size(part.size, self._width)
        clip = encode_clip(pictures, size, is_fast=True)
        return {**objects, **clip_of_part(clip, self._content.shown_sizes(part, pictures))}
