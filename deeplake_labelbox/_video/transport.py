"""HTTP GET with retries, resumption and limits; a short body is never returned.

One retry budget covers a whole fetch: refused connections, time-outs, temporary statuses (408, 425,
429, 500, 502, 503, 504) and truncated bodies all use it up; a download that made progress gets a
new one. Refusals (401, 403, 404, 410 and other 4xx) are final: they are retried only if a
presigner gives a new URL.

Secrets: the caller's headers are sent to their own origin only, a netrc file adds nothing, and no
message holds a query string or a header.
"""

from __future__ import annotations

import io
import logging
import time
from contextlib import nullcontext
from contextvars import ContextVar
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Self

import requests
import urllib3
from urllib3.util.retry import Retry

from deeplake_labelbox._counts import counted
from deeplake_labelbox._loopback import LoopbackAdapter
from deeplake_labelbox._video.access import Access
from deeplake_labelbox._video.rate_limiter import Pace
from deeplake_labelbox._video.response_body import (
    MAX_REDIRECTS,
    VIDEO_ERRORS,
    Body,
    Broken,
    PartialBody,
    Refused,
    chunks,
    failure_reason,
    storage_code,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

logger = logging.getLogger(__name__)

PASSING_STATUSES: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Temporary statuses, after which a request is tried again."""

DEFAULT_RETRY: Final = Retry(
    total=5,
    status_forcelist=PASSING_STATUSES,
    backoff_factor=0.5,
    backoff_jitter=0.5,
    backoff_max=30.0,
    retry_after_max=120,
)
"""Six attempts; waits of 0, 1, 2, 4, 8 s plus jitter, or ``Retry-After`` up to 120 s."""

_PROGRESS = 1 << 20  # bytes beyond the best attempt so far that earn a fresh retry budget
# Headers that this module sends; every other header is the caller's and may be a secret.
_OWN_HEADERS = frozenset(
    {"accept", "accept-encoding", "connection", "host", "if-range", "range", "user-agent"}
)


_fetching: ContextVar[bool] = ContextVar("_fetching", default=False)


def _hide_query(record: logging.LogRecord) -> bool:
    """A log filter: urllib3 writes whole URLs at level DEBUG, and ours may be signed."""
    if _fetching.get() and isinstance(record.args, tuple):
        record.args = tuple(
            part.partition("?")[0] if isinstance(part, str) else part for part in record.args
        )
    return True


logging.getLogger("urllib3.connectionpool").addFilter(_hide_query)


class _OriginBoundSession(requests.Session):
    """A session whose caller-given headers never follow a redirect to another origin."""

    def rebuild_auth(
        self, prepared_request: requests.PreparedRequest, response: requests.Response
    ) -> None:
        old, new = response.request.url, prepared_request.url
        if old is None or new is None or self.should_strip_auth(old, new):  # type: ignore[no-untyped-call] # the stubs lack it
            for name in [n for n in prepared_request.headers if n.lower() not in _OWN_HEADERS]:
                del prepared_request.headers[name]


def _unchanged(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """An ``auth`` that adds nothing: with it set, requests does not look into netrc files."""
    return request


def _access(url: str | Access) -> Access:
    return url if isinstance(url, Access) else Access(url, VIDEO_ERRORS)


class Transport:
    """HTTP GET for videos and masks. Thread-safe: one instance serves a pool of threads.

    Args:
        retry: The retry policy (``status_forcelist``, back-off and their bounds). Redirects are
            not counted in it.
        connect_timeout: Seconds to wait for a connection.
        read_timeout: Seconds to wait for the next bytes.
        max_seconds: Seconds that a whole body may take, at most.
        pool_size: Connections kept open to a host.

    Example:
        ```python
        from pathlib import Path

        from deeplake_labelbox._video import Transport

        with Transport() as transport:
            transport.download("https://host/clip.mp4", Path("clip.mp4"))
        ```
    """

    def __init__(
        self,
        *,
        retry: Retry = DEFAULT_RETRY,
        connect_timeout: float = 10.0,
        read_timeout: float = 60.0,
        max_seconds: float = 12 * 3600.0,
        pool_size: int = 32,
    ) -> None:
        self._retry = retry
        self._timeout = (connect_timeout, read_timeout)
        self._max_seconds = max_seconds
        self._session = _OriginBoundSession()
        self._session.auth = _unchanged
        self._session.max_redirects = MAX_REDIRECTS
        # Sizes and ranges must be those of the bytes themselves.
        self._session.headers["Accept-Encoding"] = "identity"
        adapter = LoopbackAdapter(pool_connections=pool_size, pool_maxsize=pool_size, max_retries=0)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def get_bytes(
        self,
        url: str | Access,
        *,
        max_bytes: int = 64 << 20,
        pace: Pace | None = None,
    ) -> bytes:
        """Return the whole body at ``url``.

        Args:
            url: The http or https URL of a video, or access to any file.
            max_bytes: A longer body, after decompression, is refused.
            pace: Shared by all requests to the same server; answers of 429 slow down all of them,
                instead of counting as attempts of one.

        Raises:
            DeepLakeLabelboxError: One of the errors of the access.
        """
        sink = io.BytesIO()
        access = _access(url)
        self._fetch(access, Body(sink, access.name, max_bytes, access.errors), pace)
        return sink.getvalue()

    def download(self, url: str | Access, path: Path, *, max_bytes: int = 256 << 30) -> int:
        """Stream the body at ``url`` into the file ``path``; resume after a broken connection.

        A body that ends early is continued with ``Range`` and ``If-Range`` if the server gave a
        validator (a strong ETag or Last-Modified), else fetched again from the start. A server
        that sends neither a length nor chunks ends its body by closing the connection; only then a
        truncated body cannot be detected.

        Returns:
            The number of bytes written.

        Raises:
            DeepLakeLabelboxError: One of the errors of the access; the file is then incomplete.
        """
        access = _access(url)
        with path.open("wb") as sink:
            return self._fetch(access, Body(sink, access.name, max_bytes, access.errors))

    def read_range(
        self, access: Access, start: int, length: int
    ) -> tuple[bytes, int | None] | None:
        """Return some bytes of a body; fewer if it ends before.

        Args:
            access: Access to an http or https URL, which is renewed when it expires.
            start: The first byte.
            length: Number of bytes.

        Returns:
            The bytes and the length of the whole body, or None for a server that only sends
            whole bodies.

        Raises:
            DeepLakeLabelboxError: One of the errors of the access.
        """
        sink = io.BytesIO()
        part = PartialBody(sink, access.name, length, access.errors, start=start)
        self._fetch(access, part)
        return (sink.getvalue(), part.total) if part.is_partial else None

    def _fetch(self, access: Access, body: Body, pace: Pace | None = None) -> int:
        errors = body.errors
        body.ends_at = time.monotonic() + self._max_seconds
        retry, attempts, best = self._retry, 0, 0
        while True:
            attempts += 1
            try:
                with pace.turn() if pace is not None else nullcontext():
                    self._attempt(access.url, access.headers, body)
            except Refused as refused:
                if not access.renew():
                    raise refused.kind(f"{refused} {access.advice}") from None
                logger.info("Fetching the %s with new access: %s", body.name, refused)
            except Broken as broken:
                access.used()
                response = broken.response
                if (
                    pace is not None
                    and response is not None
                    and response.status_code == HTTPStatus.TOO_MANY_REQUESTS
                    and pace.refused(self._retry.get_retry_after(response.raw))
                ):
                    continue
                if body.received >= best + _PROGRESS:
                    best, retry = body.received, self._retry
                try:
                    retry = retry.increment("GET", None, error=urllib3.exceptions.ProtocolError())
                except (urllib3.exceptions.MaxRetryError, urllib3.exceptions.ProtocolError):
                    # Not "from": the causes quote the URL with its query.
                    raise errors.unreachable(
                        f"The {body.name} could not be fetched: {broken.reason}, after "
                        f"{counted(attempts, 'attempt')}. Check the network and the "
                        "server, then run again."
                    ) from None
                logger.info("Fetching the %s again: %s", body.name, broken.reason)
                retry.sleep(response.raw if response is not None else None)
            else:
                access.used()
                if pace is not None:
                    pace.went_well()
                return body.received

    def _attempt(self, url: str, headers: Mapping[str, str], body: Body) -> None:
        errors = body.errors
        fetching = _fetching.set(True)
        try:
            response = self._session.get(
                url,
                headers={**headers, **body.range_headers()},
                timeout=self._timeout,
                stream=True,
            )
        except (requests.TooManyRedirects, requests.exceptions.SSLError) as error:
            raise errors.unreachable(
                f"The {body.name} could not be fetched: {failure_reason(error)}. Open the URL in a "
                "browser to see what its server does."
            ) from None
        except (
            requests.ConnectionError,
            requests.Timeout,
            requests.exceptions.ChunkedEncodingError,
        ) as error:
            raise Broken(failure_reason(error)) from None
        except (requests.RequestException, urllib3.exceptions.HTTPError, UnicodeError):
            raise errors.not_found(
                f"The {body.name} could not be fetched: this is not a URL that HTTP can reach. "
                "Give an http:// or https:// URL, or a path."
            ) from None
        finally:
            _fetching.reset(fetching)
        with response:
            self._check_status(response, body)
            body.begin(response)
            if body.is_wanted:
                for chunk in chunks(response):
                    body.write(chunk)
                    self._check_time(body)
                body.check_whole()

    def _check_time(self, body: Body) -> None:
        if time.monotonic() > body.ends_at:
            raise body.errors.unreachable(
                f"The {body.name} could not be fetched: it was not whole after "
                f"{self._max_seconds:.0f} s. Check that its server sends a file and no endless "
                "stream."
            )

    @staticmethod
    def _check_status(response: requests.Response, body: Body) -> None:
        status, errors = response.status_code, body.errors
        if status in {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT}:
            return
        if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and isinstance(body, PartialBody):
            return  # the answer of servers that send no parts, or of an empty file
        answer = f"the server answers {status} {response.reason or ''}".rstrip()
        if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and body.received:
            body.restart()
            raise Broken(answer, response)
        if status in PASSING_STATUSES:
            raise Broken(answer, response)
        if code := storage_code(response):
            answer = f"{answer} ({code})"
        if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
            raise Refused(errors.not_found, f"There is no {body.name}: {answer}. Check its URL.")
        if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Refused(errors.forbidden, f"The {body.name} may not be read: {answer}.")
        raise errors.unreachable(f"The {body.name} could not be fetched: {answer}.")
