"""From a data row's ``row_data`` to a file on this machine."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path, PurePosixPath
from typing import Any, Final, TypeAlias, TypeVar
from urllib.parse import urlsplit
from urllib.request import url2pathname

from deeplake_labelbox.errors import (
    ConfigurationError,
    VideoError,
    VideoForbiddenError,
    VideoNotFoundError,
)
from deeplake_labelbox.video.transport import Transport, without_query

logger = logging.getLogger(__name__)

T = TypeVar("T")
UrlPresigner: TypeAlias = Callable[[str], tuple[str, Mapping[str, Any]]]
"""``url -> (url, {"headers": {name: value}})``, or ``(url, {})`` when no header is needed."""

MAX_VIDEO_BYTES: Final = 256 << 30
_SPARE_BYTES: Final = 256 << 20  # of the disk, which are left free
_HTTP: Final = frozenset({"http", "https"})
_EXPECTED = 'a pair (url, {"headers": {"Name": "value"}}) or (url, {})'


def describe_source(source: str | Path) -> str:
    """``source`` as it may stand in a message: a URL without its query, a path as it is."""
    return without_query(source) if isinstance(source, str) and _scheme(source) else str(source)


@contextmanager
def open_video(
    source: str | Path,
    *,
    url_presigner: UrlPresigner | None = None,
    transport: Transport | None = None,
    max_bytes: int = MAX_VIDEO_BYTES,
) -> Iterator[Path]:
    """The video of a data row as a local file, for the time of the ``with`` block.

    A path or ``file://`` URL is used where it is. An http(s) URL is fetched without any header
    first, as signed URLs refuse foreign ones; when the host refuses, ``url_presigner`` is asked
    for a URL and headers. Any other scheme (``s3://``, ``gs://``, …) goes to ``url_presigner``
    at once. What is fetched goes whole to a temporary file, which is deleted at the end.

    Args:
        source: ``row_data`` of a data row, or a path.
        url_presigner: Gives URLs access; see `UrlPresigner`.
        transport: The HTTP client to use; by default one of its own.
        max_bytes: A longer body is refused, as is one that would fill the disk: a server may send
            without end.

    Raises:
        VideoNotFoundError: There is no such file or URL.
        VideoForbiddenError: The host refuses, also with what ``url_presigner`` gave.
        VideoUnreachableError: The network failed, after the retries.
        VideoError: The video is too large, or there is no room for it.
        ConfigurationError: ``url_presigner`` returned something else than agreed.
    """
    scheme = _scheme(source) if isinstance(source, str) else ""
    if not isinstance(source, str) or scheme in {"", "file"}:
        yield _local_file(source, scheme)
        return
    suffix = PurePosixPath(urlsplit(source).path).suffix
    with (
        tempfile.TemporaryDirectory(prefix="deeplake-labelbox-") as folder,
        nullcontext(transport) if transport is not None else Transport() as client,
    ):
        # FFmpeg looks at the suffix when the content alone does not tell the format.
        path = Path(folder, f"video{suffix if suffix[1:].isalnum() else ''}")
        try:
            with_access(
                source,
                url_presigner,
                lambda url, headers: client.download(
                    url, path, headers=headers, max_bytes=_room(folder, max_bytes)
                ),
            )
        except OSError as error:
            raise VideoError(
                f"The video {without_query(source)} could not be stored in {folder}: "
                f"{error.strerror}. Free some space, or set TMPDIR to a larger disk."
            ) from error
        yield path


def labelbox_presigner(api_key: str, hosts: Collection[str] = ()) -> UrlPresigner:
    """The default presigner: the API key for Labelbox's own hosts, nothing for any other.

    Args:
        api_key: Sent as ``Authorization: Bearer``.
        hosts: Further ``host:port`` (or ``host``) values that are Labelbox's, such as those of
            the client's endpoints. Besides, every ``https`` host of labelbox.com is.
    """
    known = frozenset(host.lower() for host in hosts)

    def presign(url: str) -> tuple[str, dict[str, Any]]:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        netloc = parts.netloc.rpartition("@")[2].lower()
        labelbox_cloud = parts.scheme == "https" and f".{host}".endswith(".labelbox.com")
        if labelbox_cloud or (parts.scheme in _HTTP and netloc in known):
            return url, {"headers": {"Authorization": f"Bearer {api_key}"}}
        return url, {}

    return presign


def with_access(
    url: str, url_presigner: UrlPresigner | None, fetch: Callable[[str, Mapping[str, str]], T]
) -> T:
    """Fetch a URL as it is, and with what ``url_presigner`` gives where that is refused.

    Args:
        url: Any URL.
        url_presigner: Gives URLs access.
        fetch: Called with an http(s) URL and headers; raises the errors of `Transport`.

    Raises:
        VideoForbiddenError: The host refuses, or nothing gives access to the URL's scheme.
        ConfigurationError: ``url_presigner`` returned something else than agreed.
    """
    if _scheme(url) in _HTTP:
        try:
            return fetch(url, {})
        except (VideoForbiddenError, VideoNotFoundError):
            # Azure answers 404 to an anonymous request for a private blob.
            if url_presigner is None:
                raise
            signed, headers = _presign(url_presigner, url)
            if signed == url and not headers:
                raise
    elif url_presigner is None:
        raise VideoForbiddenError(
            f"The video {without_query(url)} cannot be read from {_scheme(url)}:// storage as it "
            f"is. Pass url_presigner, which returns {_EXPECTED} for it."
        )
    else:
        signed, headers = _presign(url_presigner, url)
        if _scheme(signed) not in _HTTP:
            raise VideoForbiddenError(
                f"url_presigner returned {without_query(signed)} for the video "
                f"{without_query(url)}; return an http:// or https:// URL."
            )
    return fetch(signed, headers)


def is_remote(source: str | Path) -> bool:
    """Whether a source is a URL that something has to be fetched from."""
    return isinstance(source, str) and _scheme(source) not in {"", "file"}


def _presign(url_presigner: UrlPresigner, url: str) -> tuple[str, dict[str, str]]:
    """Call the presigner and check what came back, without quoting it: it holds secrets."""
    name = without_query(url)
    try:
        answer: object = url_presigner(url)
    except Exception as error:
        raise VideoForbiddenError(
            f"url_presigner failed with {type(error).__name__} for the video {name}. "
            "Call it with this URL to see why."
        ) from error
    match answer:
        case (str() as signed, Mapping() as options) if set(options) <= {"headers"}:
            headers = options.get("headers") or {}
            if isinstance(headers, Mapping) and all(
                isinstance(part, str) for item in headers.items() for part in item
            ):
                return signed, dict(headers)
    raise ConfigurationError(
        f"url_presigner returned a {type(answer).__name__} of another shape than expected for the "
        f"video {name}; return {_EXPECTED}."
    )


def _room(folder: str, max_bytes: int) -> int:
    return max(min(max_bytes, shutil.disk_usage(folder).free - _SPARE_BYTES), 0)


def _local_file(source: str | Path, scheme: str) -> Path:
    path = Path(url2pathname(urlsplit(str(source)).path)) if scheme == "file" else Path(source)
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise VideoNotFoundError(
            f"The video {path} {what}. Check the path, or give a URL with its scheme (https://...)."
        )
    return path


def _scheme(source: str) -> str:
    """The URL scheme of ``source``; a single letter is a Windows drive, so a path."""
    head, separator, _ = source.partition("://")
    return head.lower() if separator and len(head) > 1 and head.isascii() else ""
