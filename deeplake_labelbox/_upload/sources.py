"""Read the videos to upload, files and URLs, and check them before the upload begins."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from deeplake_labelbox._counts import some_of
from deeplake_labelbox._upload.bucket_urls import https_url
from deeplake_labelbox._video.access import without_query
from deeplake_labelbox.errors import ConfigurationError, VideoNotFoundError

_SHOWN: Final = 10
_BUCKETS: Final = ("s3", "gs", "gcs")


@dataclass(frozen=True, slots=True)
class VideoFile:
    """One video to upload.

    Attributes:
        path: The given path or URL; not part of the repr, as it may be signed.
        file: Path of a local video.
        url: URL from which Labelbox fetches a remote video.
        name: Name in messages: the path, or the URL without its query.
    """

    path: str = field(repr=False)
    file: Path | None
    url: str | None = field(repr=False)
    name: str

    @property
    def external_id(self) -> str:
        """The file name, which Labelbox shows."""
        if self.file is not None:
            return self.file.name
        return PurePosixPath(unquote(urlsplit(self.name).path)).name or self.name


def read_sources(paths: Iterable[str | os.PathLike[str]]) -> list[VideoFile]:
    """Distinguish files from URLs, and check that the files exist.

    A path has no scheme, or ``file://``. ``http://`` and ``https://`` URLs are passed to Labelbox
    unchanged; ``s3://`` and ``gs://`` URLs as https URLs, which Labelbox reads through an IAM
    integration.

    Raises:
        ConfigurationError: An entry has another type or an unknown scheme, or is a folder, or
            there are no entries.
        VideoNotFoundError: Files do not exist; the message names them.
    """
    if isinstance(paths, str | os.PathLike):
        raise ConfigurationError(
            f"`paths` is the single path {paths!s}; give a list of paths and URLs."
        )
    sources = [_read(entry) for entry in paths]
    if not sources:
        raise ConfigurationError("`paths` is empty; give at least one path or URL.")
    folder = next((source for source in sources if source.file and source.file.is_dir()), None)
    if folder is not None:
        raise ConfigurationError(
            f"{folder.name} is a folder; give its videos instead, like {folder.name}/*.mp4. "
            f"Nothing was uploaded."
        )
    missing = [source.name for source in sources if source.file and not source.file.is_file()]
    if missing:
        raise VideoNotFoundError(
            f"There is no file {some_of(missing, _SHOWN)}; nothing was uploaded. Check the paths, "
            "or give URLs with their scheme (https://...)."
        )
    return sources


def local_file(text: str) -> Path | None:
    """Return the file that a path or a ``file://`` URL names; None for other URLs."""
    scheme, separator, _ = text.partition("://")
    if not separator or len(scheme) <= 1:
        return Path(text)
    return Path(url2pathname(urlsplit(text).path)) if scheme.lower() == "file" else None


def _read(entry: object) -> VideoFile:
    if not isinstance(entry, str | os.PathLike):
        raise ConfigurationError(
            f"`paths` has a {type(entry).__name__}; give paths and URLs as strings."
        )
    text = os.fspath(entry)
    file = local_file(text)
    if file is not None:
        return VideoFile(text, file, None, str(file))
    scheme = text.partition("://")[0].lower()
    if scheme in _BUCKETS:
        return VideoFile(text, None, https_url(text), text)
    if scheme not in ("http", "https"):
        raise ConfigurationError(
            f"{without_query(text)} has the scheme {scheme}://, which Labelbox does not fetch; "
            "give an https:// URL, or a local path."
        )
    return VideoFile(text, None, text, without_query(text))
