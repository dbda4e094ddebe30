"""HTTP GET that is retried, resumed, bounded, and never hands over a short body.

One retry budget covers a whole fetch: refused connections, time-outs, passing statuses (408, 425,
429, 500, 502, 503, 504) and bodies that break all draw on it; a download that moved on gets a
fresh one. Refusals (401, 403, 404, 410 and other 4xx) are answers and are not retried.

Secrets: headers given by the caller leave with the first request to their own origin only, a
netrc file adds nothing, and no message holds a query string or a header.
"""

from __future__ import annotations

import io
import logging
import time
from contextlib import nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import IO, TYPE_CHECKING, Any, Final, Self
from urllib.parse import urlsplit, urlunsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from deeplake_labelbox.errors import (
    DeepLakeLabelboxError,
    VideoError,
    VideoForbiddenError,
    VideoNotFoundError,
    VideoUnreachableError,
)
from deeplake_labelbox.video.pace import Pace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

logger = logging.getLogger(__name__)

PASSING_STATUSES: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses that say "not now": worth another try."""

DEFAULT_RETRY: Final = Retry(
    total=5,
    status_forcelist=PASSING_STATUSES,
    backoff_factor=0.5,
    backoff_jitter=0.5,
    backoff_max=30.0,
    retry_after_max=120,
)
"""Six attempts; waits of 0, 1, 2, 4, 8 s plus jitter, or what ``Retry-After`` asks up to 120 s."""

_CHUNK = 1 << 20
_PROGRESS = 1 << 20  # bytes beyond the best attempt so far that earn a fresh retry budget
_MAX_REDIRECTS = 10
# A body that drips slower than this over a whole window counts as broken (curl's --speed-limit):
# each read alone may stay below the read time-out for ever.
_WINDOW_SECONDS = 60.0
_WINDOW_BYTES = 16 << 10
# What this module itself sends; every other header is the caller's and may be a secret.
_OWN_HEADERS = frozenset(
    {"accept", "accept-encoding", "connection", "host", "if-range", "range", "user-agent"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchErrors:
    """The errors that a fetch raises, and the words for the thing in their messages."""

    noun: str = "video"
    refused_hint: str = "Check that its signature has not expired, or pass url_presigner."
    not_found: type[DeepLakeLabelboxError] = VideoNotFoundError
    forbidden: type[DeepLakeLabelboxError] = VideoForbiddenError
    unreachable: type[DeepLakeLabelboxError] = VideoUnreachableError
    too_large: type[DeepLakeLabelboxError] = VideoError


VIDEO_ERRORS: Final = FetchErrors()


def without_query(url: str) -> str:
    """``url`` without its user, query and fragment: those are where signatures and tokens sit."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "(a URL that cannot be parsed)"
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


_fetching: ContextVar[bool] = ContextVar("_fetching", default=False)


def _hide_query(record: logging.LogRecord) -> bool:
    """A log filter: urllib3 writes whole URLs at level DEBUG, and ours may be signed."""
    if _fetching.get() and isinstance(record.args, tuple):
        record.args = tuple(
            part.partition("?")[0] if isinstance(part, str) else part for part in record.args
        )
    return True


logging.getLogger("urllib3.connectionpool").addFilter(_hide_query)


class _Broken(Exception):  # noqa: N818 - a signal inside this module, not an error of the package
    """An attempt failed in a way that is worth another one."""

    def __init__(self, reason: str, response: requests.Response | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.response = response


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
        self._session.max_redirects = _MAX_REDIRECTS
        # Sizes and ranges must be those of the bytes themselves.
        self._session.headers["Accept-Encoding"] = "identity"
        adapter = HTTPAdapter(pool_connections=pool_size, pool_maxsize=pool_size, max_retries=0)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def get_bytes(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        max_bytes: int = 64 << 20,
        errors: FetchErrors = VIDEO_ERRORS,
        pace: Pace | None = None,
    ) -> bytes:
        """The whole body at ``url``.

        Args:
            url: An http or https URL.
            headers: Sent to the URL's own origin only.
            max_bytes: A longer body, after decompression, is refused.
            errors: Which errors to raise.
            pace: Shared by those who ask the same server; answers of 429 slow all of them down,
                instead of counting against the attempts of one.

        Raises:
            DeepLakeLabelboxError: What ``errors`` names.
        """
        sink = io.BytesIO()
        self._fetch(url, sink, headers or {}, max_bytes, errors, pace)
        return sink.getvalue()

    def download(
        self,
        url: str,
        path: Path,
        *,
        headers: Mapping[str, str] | None = None,
        max_bytes: int = 256 << 30,
        errors: FetchErrors = VIDEO_ERRORS,
    ) -> int:
        """Stream the body at ``url`` into the file ``path``; resume where a connection breaks.

        A body that ends early is continued with ``Range`` and ``If-Range`` when the server gave
        a validator (a strong ETag or Last-Modified), else fetched again from the start. A server
        that states neither a length nor chunks ends its body by closing the connection; only
        there a cut cannot be seen.

        Returns:
            The number of bytes written.

        Raises:
            DeepLakeLabelboxError: What ``errors`` names; the file is then incomplete.
        """
        with path.open("wb") as sink:
            return self._fetch(url, sink, headers or {}, max_bytes, errors)

    def read_range(
        self,
        url: str,
        start: int,
        length: int,
        *,
        headers: Mapping[str, str] | None = None,
        errors: FetchErrors = VIDEO_ERRORS,
    ) -> tuple[bytes, int | None] | None:
        """Some bytes of the body at ``url``; less where it ends before.

        Args:
            url: An http or https URL.
            start: The first byte.
            length: How many bytes.
            headers: Sent to the URL's own origin only.
            errors: Which errors to raise.

        Returns:
            The bytes and the length of the whole body, or None for a server that only sends
            whole bodies.

        Raises:
            DeepLakeLabelboxError: What ``errors`` names.
        """
        sink = io.BytesIO()
        name = f"{errors.noun} {without_query(url)}"
        part = _Part(sink, name, length, errors, start=start)
        self._fetch_body(url, headers or {}, part)
        return (sink.getvalue(), part.total) if part.is_partial else None

    def _fetch(
        self,
        url: str,
        sink: IO[bytes],
        headers: Mapping[str, str],
        max_bytes: int,
        errors: FetchErrors,
        pace: Pace | None = None,
    ) -> int:
        body = _Body(sink, f"{errors.noun} {without_query(url)}", max_bytes, errors)
        return self._fetch_body(url, headers, body, pace)

    def _fetch_body(
        self, url: str, headers: Mapping[str, str], body: _Body, pace: Pace | None = None
    ) -> int:
        errors = body.errors
        body.ends_at = time.monotonic() + self._max_seconds
        retry, attempts, best = self._retry, 0, 0
        while True:
            attempts += 1
            try:
                with pace.turn() if pace is not None else nullcontext():
                    self._attempt(url, headers, body)
            except _Broken as broken:
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
                        f"The {body.name} could not be fetched: {broken.reason}, after {attempts} "
                        f"{'attempt' if attempts == 1 else 'attempts'}. Check the network and the "
                        "server, then run again."
                    ) from None
                logger.info("Fetching the %s again: %s", body.name, broken.reason)
                retry.sleep(response.raw if response is not None else None)
            else:
                if pace is not None:
                    pace.went_well()
                return body.received

    def _attempt(self, url: str, headers: Mapping[str, str], body: _Body) -> None:
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
                f"The {body.name} could not be fetched: {_reason(error)}. Open the URL in a "
                "browser to see what its server does."
            ) from None
        except (
            requests.ConnectionError,
            requests.Timeout,
            requests.exceptions.ChunkedEncodingError,
        ) as error:
            raise _Broken(_reason(error)) from None
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
                for chunk in _chunks(response):
                    body.write(chunk)
                    self._check_time(body)
                body.check_whole()

    def _check_time(self, body: _Body) -> None:
        if time.monotonic() > body.ends_at:
            raise body.errors.unreachable(
                f"The {body.name} could not be fetched: it was not whole after "
                f"{self._max_seconds:.0f} s. Check that its server sends a file and no endless "
                "stream."
            )

    @staticmethod
    def _check_status(response: requests.Response, body: _Body) -> None:
        status, errors = response.status_code, body.errors
        if status in {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT}:
            return
        if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and isinstance(body, _Part):
            return  # as servers answer that have no parts, or nothing at all
        answer = f"the server answers {status} {response.reason or ''}".rstrip()
        if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and body.received:
            body.restart()
            raise _Broken(answer, response)
        if status in PASSING_STATUSES:
            raise _Broken(answer, response)
        if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
            raise errors.not_found(f"There is no {body.name}: {answer}. Check its URL.")
        if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
            raise errors.forbidden(
                f"The {body.name} may not be read: {answer}. {errors.refused_hint}"
            )
        raise errors.unreachable(f"The {body.name} could not be fetched: {answer}.")


@dataclass(slots=True)
class _Body:
    """A body as it grows over several attempts."""

    sink: IO[bytes]
    name: str
    max_bytes: int
    errors: FetchErrors
    received: int = 0
    expected: int | None = None
    validator: str | None = field(default=None)
    ends_at: float = float("inf")

    @property
    def is_wanted(self) -> bool:
        """Whether the body of the answer is to be read."""
        return True

    def range_headers(self) -> dict[str, str]:
        if self.received and self.validator:
            return {"Range": f"bytes={self.received}-", "If-Range": self.validator}
        return {}

    def restart(self) -> None:
        self.sink.seek(0)
        self.sink.truncate()
        self.received, self.expected, self.validator = 0, None, None

    def begin(self, response: requests.Response) -> None:
        """Take the headers of an answer: does it go on where we stopped, or start anew?"""
        encoded = response.headers.get("Content-Encoding", "identity").lower() != "identity"
        if response.status_code == HTTPStatus.PARTIAL_CONTENT:
            start, total = _content_range(response.headers.get("Content-Range", ""))
            moved_on = self.received > 0 and start == self.received and not encoded
            if not moved_on or (None not in {total, self.expected} and total != self.expected):
                self.restart()
                raise _Broken("the server sent another part than was asked for")
            self.expected = total
        else:
            self.restart()
            length = response.headers.get("Content-Length", "")
            # With an encoding the length is that of the encoded bytes, which urllib3 checks.
            self.expected = int(length) if length.isdecimal() and not encoded else None
            tag = response.headers.get("ETag", "")
            strong = tag if tag.startswith('"') else None
            self.validator = None if encoded else strong or response.headers.get("Last-Modified")
        if self.expected is not None and self.expected > self.max_bytes:
            raise self._too_large()

    def write(self, chunk: bytes) -> None:
        if self.received + len(chunk) > self.max_bytes:
            raise self._too_large()
        self.sink.write(chunk)
        self.received += len(chunk)

    def check_whole(self) -> None:
        if self.expected is not None and self.received != self.expected:
            if self.received > self.expected:
                self.restart()
            raise _Broken(f"the body ended after {self.received} of {self.expected} bytes")

    def _too_large(self) -> DeepLakeLabelboxError:
        return self.errors.too_large(
            f"The {self.name} is larger than the limit of {self.max_bytes} bytes. Check that the "
            "URL is the right one, or raise the limit."
        )


@dataclass(slots=True)
class _Part(_Body):
    """A part of a body, of ``max_bytes`` bytes from ``start`` on."""

    start: int = 0
    total: int | None = None
    is_partial: bool = True

    @property
    def is_wanted(self) -> bool:
        return self.is_partial

    def range_headers(self) -> dict[str, str]:
        return {"Range": f"bytes={self.start}-{self.start + self.max_bytes - 1}"}

    def begin(self, response: requests.Response) -> None:
        """Take the headers of an answer; an attempt always fetches the whole part."""
        self.restart()
        self.is_partial = response.status_code == HTTPStatus.PARTIAL_CONTENT
        if self.is_partial:
            start, self.total = _content_range(response.headers.get("Content-Range", ""))
            if start != self.start:
                raise _Broken("the server sent another part than was asked for")
            length = response.headers.get("Content-Length", "")
            self.expected = int(length) if length.isdecimal() else None


def _chunks(response: requests.Response) -> Iterator[bytes]:
    """The decoded body as it arrives; a body that drips is broken off."""
    raw: Any = response.raw
    window_start, window_bytes = time.monotonic(), 0
    while True:
        try:
            chunk = raw.read1(_CHUNK, decode_content=True)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise _Broken(_reason(error)) from None
        if not chunk:
            return
        yield chunk
        window_bytes += len(chunk)
        if (now := time.monotonic()) - window_start >= _WINDOW_SECONDS:
            if window_bytes < _WINDOW_BYTES:
                raise _Broken(f"only {window_bytes} bytes arrived in {_WINDOW_SECONDS:.0f} s")
            window_start, window_bytes = now, 0


def _content_range(value: str) -> tuple[int | None, int | None]:
    """First byte and total of a ``Content-Range: bytes 5-9/10`` (RFC 9110, 14.4)."""
    unit, _, rest = value.partition(" ")
    span, _, total = rest.partition("/")
    start = span.partition("-")[0]
    if unit.lower() != "bytes" or not start.isdecimal():
        return None, None
    return int(start), int(total) if total.isdecimal() else None


def _reason(error: BaseException) -> str:
    """Why a request failed, in words that hold no URL (those of requests quote the query)."""
    if isinstance(error, requests.TooManyRedirects):
        return f"more than {_MAX_REDIRECTS} redirects"
    if isinstance(error, requests.exceptions.SSLError):
        return "its TLS certificate cannot be trusted"
    if isinstance(error, requests.ConnectTimeout):
        return "connecting timed out"
    if isinstance(error, (requests.Timeout, urllib3.exceptions.TimeoutError)):
        return "the server stopped sending"
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.strerror:
            return f"the connection failed ({seen.strerror})"
        seen = seen.__cause__ or seen.__context__
    return "the connection broke"
