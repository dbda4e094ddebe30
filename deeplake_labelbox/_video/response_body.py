"""Check that the body of an HTTP response is complete, bounded and not stalled."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import IO, Any, Final

import requests
import urllib3

from deeplake_labelbox.errors import (
    DeepLakeLabelboxError,
    VideoError,
    VideoForbiddenError,
    VideoNotFoundError,
    VideoUnreachableError,
)

MAX_REDIRECTS: Final = 10

_CHUNK = 1 << 20
# A body that is slower than this over a whole window counts as stalled (curl's --speed-limit):
# each single read may stay below the read time-out forever.
_WINDOW_SECONDS = 60.0
_WINDOW_BYTES = 16 << 10
_CODE: Final = re.compile(r"\w{1,64}", re.ASCII)
_CODE_ELEMENT: Final = re.compile(rf"<Code>({_CODE.pattern})</Code>", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchErrors:
    """The errors that a fetch raises, and the texts in their messages."""

    noun: str = "video"
    refused_hint: str = (
        "Pass the API key of the project if Labelbox hosts it, else pass `url_presigner`."
    )
    expiry_hint: str = (
        "If its URL is signed, the signature may have expired: export the project again."
    )
    not_found: type[DeepLakeLabelboxError] = VideoNotFoundError
    forbidden: type[DeepLakeLabelboxError] = VideoForbiddenError
    unreachable: type[DeepLakeLabelboxError] = VideoUnreachableError
    too_large: type[DeepLakeLabelboxError] = VideoError


VIDEO_ERRORS: Final = FetchErrors()


class Broken(Exception):  # noqa: N818 - a signal to `Transport`, not an error of the package
    """An attempt failed in a way that is worth another one."""

    def __init__(self, reason: str, response: requests.Response | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.response = response


class Refused(Exception):  # noqa: N818 - a signal to `Transport`, not an error of the package
    """The server refuses access; other credentials may get it."""

    def __init__(self, kind: type[DeepLakeLabelboxError], text: str) -> None:
        super().__init__(text)
        self.kind = kind


@dataclass(slots=True)
class Body:
    """A body that is received in one or several attempts."""

    sink: IO[bytes]
    name: str
    max_bytes: int
    errors: FetchErrors
    received: int = 0
    expected: int | None = None
    validator: str | None = None
    ends_at: float = float("inf")

    @property
    def is_wanted(self) -> bool:
        """Return whether to read the body of the response."""
        return True

    def range_headers(self) -> dict[str, str]:
        """Return the headers that request the rest; none if the whole body is requested."""
        if self.received and self.validator:
            return {"Range": f"bytes={self.received}-", "If-Range": self.validator}
        return {}

    def restart(self) -> None:
        """Discard the bytes received so far."""
        self.sink.seek(0)
        self.sink.truncate()
        self.received, self.expected, self.validator = 0, None, None

    def begin(self, response: requests.Response) -> None:
        """Read a response's headers: whether it continues where we stopped, or restarts."""
        encoded = response.headers.get("Content-Encoding", "identity").lower() != "identity"
        if response.status_code == HTTPStatus.PARTIAL_CONTENT:
            start, total = _content_range(response.headers.get("Content-Range", ""))
            moved_on = self.received > 0 and start == self.received and not encoded
            if not moved_on or (None not in {total, self.expected} and total != self.expected):
                self.restart()
                raise Broken("the server sent another part than was asked for")
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
        """Write bytes as they arrive."""
        if self.received + len(chunk) > self.max_bytes:
            raise self._too_large()
        self.sink.write(chunk)
        self.received += len(chunk)

    def check_whole(self) -> None:
        """Check that all announced bytes have arrived."""
        if self.expected is not None and self.received != self.expected:
            if self.received > self.expected:
                self.restart()
            raise Broken(f"the body ended after {self.received} of {self.expected} bytes")

    def _too_large(self) -> DeepLakeLabelboxError:
        return self.errors.too_large(
            f"The {self.name} is larger than the limit of {self.max_bytes} bytes. Check that the "
            "URL is the right one, or raise the limit."
        )


@dataclass(slots=True)
class PartialBody(Body):
    """A part of a body, of ``max_bytes`` bytes from ``start`` on."""

    start: int = 0
    total: int | None = None
    is_partial: bool = True

    @property
    def is_wanted(self) -> bool:
        """Return whether the server sends parts, and so this one."""
        return self.is_partial

    def range_headers(self) -> dict[str, str]:
        """Return the headers that request the part."""
        return {"Range": f"bytes={self.start}-{self.start + self.max_bytes - 1}"}

    def begin(self, response: requests.Response) -> None:
        """Read a response's headers; an attempt always fetches the whole part."""
        self.restart()
        self.is_partial = response.status_code == HTTPStatus.PARTIAL_CONTENT
        if self.is_partial:
            start, self.total = _content_range(response.headers.get("Content-Range", ""))
            if start != self.start:
                raise Broken("the server sent another part than was asked for")
            length = response.headers.get("Content-Length", "")
            self.expected = int(length) if length.isdecimal() else None


def chunks(response: requests.Response) -> Iterator[bytes]:
    """Yield the decoded body as it arrives; stop if it is too slow."""
    raw: Any = response.raw
    window_start, window_bytes = time.monotonic(), 0
    while True:
        try:
            chunk = raw.read1(_CHUNK, decode_content=True)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise Broken(failure_reason(error)) from None
        if not chunk:
            return
        yield chunk
        window_bytes += len(chunk)
        if (now := time.monotonic()) - window_start >= _WINDOW_SECONDS:
            if window_bytes < _WINDOW_BYTES:
                raise Broken(f"only {window_bytes} bytes arrived in {_WINDOW_SECONDS:.0f} s")
            window_start, window_bytes = now, 0


def storage_code(response: requests.Response) -> str | None:
    """Return the error code of a cloud's storage, like ``NoSuchBucket``.

    The rest of its response may quote signed values.
    """
    if code := response.headers.get("x-ms-error-code"):
        return code if _CODE.fullmatch(code) else None
    if "xml" not in response.headers.get("Content-Type", ""):
        return None
    try:
        body = next(chunks(response), b"")
    except Broken:
        return None
    found = _CODE_ELEMENT.search(body[:4096].decode("utf-8", "replace"))
    return found[1] if found else None


def _content_range(value: str) -> tuple[int | None, int | None]:
    """Return first byte and total of a ``Content-Range: bytes 5-9/10`` (RFC 9110, 14.4)."""
    unit, _, rest = value.partition(" ")
    span, _, total = rest.partition("/")
    start = span.partition("-")[0]
    if unit.lower() != "bytes" or not start.isdecimal():
        return None, None
    return int(start), int(total) if total.isdecimal() else None


def failure_reason(error: BaseException) -> str:
    """Return why a request failed, without a URL (messages of requests quote the query)."""
    if isinstance(error, requests.TooManyRedirects):
        return f"more than {MAX_REDIRECTS} redirects"
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
