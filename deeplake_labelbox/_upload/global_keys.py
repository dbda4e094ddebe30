"""Compute global keys: the same video always gets the same key, so nothing is uploaded twice."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from deeplake_labelbox._counts import some_of
from deeplake_labelbox._upload.result import RefusedVideo
from deeplake_labelbox._upload.sources import VideoFile, local_file
from deeplake_labelbox._video.access import without_query
from deeplake_labelbox.errors import ConfigurationError

UploadStrategy = Literal["fail", "skip", "all"]
GlobalKeyGenerator = Callable[[str], str]

MAX_LENGTH: Final = 200
"""Maximum number of characters of a global key in Labelbox."""

_SHOWN: Final = 5


def deterministic_global_key(path: str | os.PathLike[str]) -> str:
    """Return the default global key of a video.

    For a local file, this is ``sha256-`` and the SHA-256 of its bytes, so the same content has the
    same key everywhere. For a remote file, it is the URL without its query, because signatures
    change; if that is too long for Labelbox, ``url-sha256-`` and the SHA-256 of the URL.

    Args:
        path: Path of a file, or a URL.
    """
    text = os.fspath(path)
    file = local_file(text)
    if file is not None:
        with file.open("rb") as content:
            return f"sha256-{hashlib.file_digest(content, 'sha256').hexdigest()}"
    url = without_query(text)
    if _fault(url) is None:
        return url
    return f"url-sha256-{hashlib.sha256(url.encode()).hexdigest()}"


@dataclass(frozen=True, slots=True)
class KeyedVideo:
    """A video with its global key."""

    source: VideoFile
    global_key: str


def with_keys(
    sources: Sequence[VideoFile], generate: GlobalKeyGenerator, strategy: UploadStrategy
) -> tuple[list[KeyedVideo], list[RefusedVideo]]:
    """Compute the key of every video, and handle duplicates.

    Two videos are duplicates if their keys are equal: by default the same content or the same URL.
    ``"fail"`` refuses the whole upload, ``"skip"`` keeps the first, and ``"all"`` uploads each and
    appends ``-2`` to the key of the second, and so on.

    Raises:
        ConfigurationError: There are duplicates and the strategy is "fail", the strategy is
            unknown, or Labelbox does not accept a generated key.
    """
    if strategy not in get_args(UploadStrategy):
        raise ConfigurationError(f"`duplicates` is {strategy!r}; use 'fail', 'skip' or 'all'.")
    first: dict[str, VideoFile] = {}
    counts: Counter[str] = Counter()
    kept: list[KeyedVideo] = []
    skipped: list[RefusedVideo] = []
    repeated: list[str] = []
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
            repeated.append(f"{source.name} (as {original.name})")
    if repeated:
        raise ConfigurationError(
            f"These videos occur more than once: {some_of(repeated, _SHOWN)}; remove them, or pass "
            "`duplicates='skip'` or `duplicates='all'`."
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
    fault = _fault(key) if isinstance(key, str) else "is not a string"
    if not isinstance(key, str) or fault is not None:
        raise ConfigurationError(
            f"global_key_generator gave {source.name} a key that {fault}; Labelbox accepts "
            f"strings of 1 to {MAX_LENGTH} characters without leading, trailing or double spaces."
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
