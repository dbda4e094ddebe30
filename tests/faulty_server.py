"""An HTTP server on 127.0.0.1 that serves bodies, and fails in the ways it is told to."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_LONGEST = 60.0  # seconds to wait for other requests


@dataclass
class Answer:
    """One answer of the server.

    ``body`` is served whole, or the part that a Range asks for when ``ranges`` is set and If-Range
    names ``etag``. ``cut`` closes the connection after so many bytes of it. ``together`` answers
    when as many requests as its parties are waiting, else, after some seconds, with 404.
    """

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    etag: str | None = None
    ranges: bool = True
    cut: int | None = None
    chunked: bool = False
    needs: tuple[str, str] | None = None  # a header and its value, else 401
    refuses: str | None = None  # a header that is answered with 400
    together: threading.Barrier | None = None


class FaultyServer:
    """Serves, per path, a list of answers in turn; the last one is repeated."""

    def __init__(self):
        self.answers: dict[str, list[Answer]] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        self._lock = threading.Lock()
        handler = type("Handler", (_Handler,), {"owner": self})
        self._server = _QuietServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self.host = f"127.0.0.1:{self._server.server_port}"
        self.url = f"http://{self.host}"

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def serve(self, path: str, *answers: Answer) -> str:
        self.answers[path] = list(answers)
        return self.url + path

    def paths(self) -> list[str]:
        return [path for path, _ in self.requests]

    def take(self, path: str, headers: dict[str, str]) -> Answer:
        with self._lock:
            self.requests.append((path, headers))
            answers = self.answers.get(path.partition("?")[0], [Answer(status=404)])
            return answers.pop(0) if len(answers) > 1 else answers[0]


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """Clients hang up on purpose here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: FaultyServer

    def do_GET(self):
        given = {name.lower(): value for name, value in self.headers.items()}
        answer = self.owner.take(self.path, given)
        if answer.together:
            try:
                answer.together.wait(_LONGEST)
            except threading.BrokenBarrierError:
                answer = Answer(status=404)
        if answer.refuses and answer.refuses.lower() in given:
            answer = Answer(status=400)
        if answer.needs and given.get(answer.needs[0].lower()) != answer.needs[1]:
            answer = Answer(status=401)
        status, body, headers = _part(answer, given)
        if answer.etag:
            headers["ETag"] = answer.etag
        if answer.chunked:
            headers["Transfer-Encoding"] = "chunked"
        else:
            headers["Content-Length"] = str(len(body))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self._send(body if answer.cut is None else body[: answer.cut], answer)

    def _send(self, body, answer):
        if answer.chunked:
            body = b"%x\r\n%b\r\n" % (len(body), body)
            body += b"0\r\n\r\n" if answer.cut is None else b""
        self.wfile.write(body)
        if answer.cut is not None:
            self.wfile.flush()
            self.close_connection = True

    def log_message(self, *_):
        """Keep quiet."""


def _part(answer, given):
    """Status, body and headers: the part that a Range asks for, where it applies."""
    body, headers = answer.body, dict(answer.headers)
    whole = answer.status != 200 or not answer.ranges
    if "range" not in given or whole or answer.etag != given.get("if-range"):
        return answer.status, body, headers
    first, _, last = given["range"].removeprefix("bytes=").partition("-")
    start, end = int(first), min(int(last or len(body)) + 1, len(body))
    if start >= len(body):
        return 416, b"", headers
    headers.setdefault("Content-Range", f"bytes {start}-{end - 1}/{len(body)}")
    return 206, body[start:end], headers
