"""Fetch the video of a data row to a local file."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

from deeplake_labelbox._video.access import Access, UrlPresigner, url_scheme, without_query
from deeplake_labelbox._video.response_body import VIDEO_ERRORS
from deeplake_labelbox._video.transport import Transport
from deeplake_labelbox.errors import VideoError, VideoNotFoundError

logger = logging.getLogger(__name__)

MAX_VIDEO_BYTES: Final = 256 << 30
_SPARE_BYTES: Final = 256 << 20  # of the disk, which are left free


def describe_source(source: str | Path) -> str:
    """Return ``source`` for messages: a URL without its query, or the path."""
    return without_query(source) if isinstance(source, str) and url_scheme(source) else str(source)


@contextmanager
def open_video(
    source: str | Path,
    *,
    url_presigner: UrlPresigner | None = None,
    transport: Transport | None = None,
    max_bytes: int = MAX_VIDEO_BYTES,
) -> Iterator[Path]:
    """Provide the video of a data row as a local file within the ``with`` block.

    A path or ``file://`` URL is used in place. An http(s) URL is first fetched without any header,
    because signed URLs refuse other headers. If the host refuses, ``url_presigner`` returns a URL
    and headers, and new ones if these expire before the download is complete. Any other scheme
    (``s3://``, ``gs://``, …) goes to ``url_presigner`` at once. The video is downloaded to a
    temporary file, which is deleted at the end.

    Args:
        source: ``row_data`` of a data row, or a path.
        url_presigner: Gives URLs access; see `UrlPresigner`.
        transport: The HTTP client to use; by default a new one.
        max_bytes: A longer body is refused, and so is one that would fill the disk: a server may
            never stop sending.

    Raises:
        VideoNotFoundError: If there is no such file or URL.
        VideoForbiddenError: If the host refuses, even with the access of ``url_presigner``.
        VideoUnreachableError: If the network failed, after the retries.
        VideoError: If the video is too large, or there is no room for it.
        ConfigurationError: If ``url_presigner`` returned a value of another form.
    """
    scheme = url_scheme(source) if isinstance(source, str) else ""
    if not isinstance(source, str) or scheme in {"", "file"}:
        yield _local_file(source, scheme)
        return
    suffix = PurePosixPath(urlsplit(source).path).suffix
    with (
        tempfile.TemporaryDirectory(prefix="deeplake-labelbox-") as folder,
        nullcontext(transport) if transport is not None else Transport() as client,
    ):
        # FFmpeg uses the suffix if the content alone does not determine the format.
        path = Path(folder, f"video{suffix if suffix[1:].isalnum() else ''}")
        try:
            client.download(
                Access.to(source, url_presigner, VIDEO_ERRORS),
                path,
                max_bytes=_room(folder, max_bytes),
            )
        except OSError as error:
            raise VideoError(
                f"The video {without_query(source)} could not be stored in {folder}: "
                f"{error.strerror}. Free some space, or set TMPDIR to a larger disk."
            ) from error
        yield path


def is_remote(source: str | Path) -> bool:
    """Return whether a source is a URL that must be fetched."""
    return isinstance(source, str) and url_scheme(source) not in {"", "file"}


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
