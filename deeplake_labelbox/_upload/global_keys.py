"""Global keys: the same video gets the same one, so that nothing is uploaded twice."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args
from urllib.parse import urlsplit
from urllib.request import url2pathname

from deeplake_labelbox._upload.result import RefusedVideo
from deeplake_labelbox._upload.sources import VideoFile
from deeplake_labelbox._video.access import without_query
from deeplake_labelbox.errors import ConfigurationError

UploadStrategy = Literal["fail", "skip", "all"]
GlobalKeyGenerator = Callable[[str], str]

MAX_LENGTH: Final = 200
"""The most characters that Labelbox takes in a global key."""

_NAMED: Final = 5


def deterministic_global_key(path: str | os.PathLike[str]) -> str:
    """The global key that a video gets by default.

    ``sha256-`` and the SHA-256 of its bytes for a local file: the same content has the same key
    wherever it lies. For a remote one the URL without its query, because signatures change; where
    that is longer than Labelbox takes, ``url-sha256-`` and the SHA-256 of it.

    Args:
        path: Path of a file, or a URL.
    """
    text = os.fspath(path)
    if "://" in text and not text.startswith("file://"):
        url = without_query(text)
        if len(url) <= MAX_LENGTH and _fault(url) is None:
            return url
        return f"url-sha256-{hashlib.sha256(url.encode()).hexdigest()}"
    is_uri = text.startswith("file://")
    with Path(url2pathname(urlsplit(text).path) if is_uri else text).open("rb") as file:
        return f"sha256-{hashlib.file_digest(file, 'sha256').hexdigest()}"


@dataclass(frozen=True, slots=True)
class KeyedVideo:
    """A video with its global key."""

    source: VideoFile
    global_key: str


def with_keys(
    sources: Sequence[VideoFile], generate: GlobalKeyGenerator, strategy: UploadStrategy
) -> tuple[list[KeyedVideo], list[RefusedVideo]]:
    """Give every video its key, and treat videos that occur several times.

    Two videos are duplicates when their keys are equal: by default the same content, or the same
    URL. ``"fail"`` refuses the whole upload, ``"skip"`` keeps the first, and ``"all"`` uploads
    each, the second with ``-2`` after its key and so on.

    Raises:
        ConfigurationError: There are duplicates and the strategy is "fail", the strategy is
            unknown, or a generated key is not one that Labelbox takes.
    """
    if strategy not in get_args(UploadStrategy):
        raise ConfigurationError(f"`duplicates` is {strategy!r}; use 'fail', 'skip' or 'all'.")
    first: dict[str, VideoFile] = {}
    counts: Counter[str] = Counter()
    kept: list[KeyedVideo] = []
    skipped: list[RefusedVideo] = []
    twice: list[str] = []
    for source in sources:
        key = _checked(_generated(generate, source), source)
        counts[key] += 1
        original = first.setdefault(key, source)
        if counts[key] == 1:
            kept.append(KeyedVideo(source, key))
        elif strategy == "all":
            kept.append(KeyedVideo(source, f"{key}-{counts[key]}"))
        elif strategy == "skip":
            reason = f"the same video as {original.name}"
            skipped.append(RefusedVideo(source.path, "duplicate", reason, source.name))
        else:
            twice.append(f"{source.name} (as {original.name})")
    if twice:
        more = f" and {len(twice) - _NAMED} more" if len(twice) > _NAMED else ""
        raise ConfigurationError(
            f"These videos occur more than once: {', '.join(twice[:_NAMED])}{more}; remove them, "
            "or pass `duplicates='skip'` or `duplicates='all'`."
        )
    return kept, skipped


def _generated(generate: GlobalKeyGenerator, source: VideoFile) -> object:
    try:
        return generate(source.path)
    except OSError as error:
        raise ConfigurationError(
            f"{source.name} cannot be read for its global key: {error.strerror}; check the file."
        ) from error


def _checked(key: object, source: VideoFile) -> str:
    fault = _fault(key) if isinstance(key, str) else "is no string"
    if not isinstance(key, str) or fault is not None:
        raise ConfigurationError(
            f"global_key_generator gave {source.name} a key that {fault}; Labelbox takes "
            f"strings of 1 to {MAX_LENGTH} characters without spaces around them or double ones."
        )
    return key


def _fault(key: str) -> str | None:
    if not key:
        return "is empty"
    if len(key) > MAX_LENGTH:
        return "is too long"
    if key != key.strip() or "  " in key:
        return "has spaces that are not allowed"
    return None
