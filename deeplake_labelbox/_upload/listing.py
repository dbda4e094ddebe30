"""List videos in buckets by a pattern such as ``s3://bucket/prefix/*.mp4``."""

from __future__ import annotations

import glob
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from deeplake_labelbox._labelbox.client import clean
from deeplake_labelbox._upload.bucket_urls import https_url
from deeplake_labelbox.errors import (
    ConfigurationError,
    LabelboxUnavailableError,
    VideoForbiddenError,
    VideoNotFoundError,
)

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

logger = logging.getLogger(__name__)

_EXTRAS: Final = {
    "s3": "s3",
    "gs": "gcs",
    "gcs": "gcs",
    "az": "azure",
    "abfs": "azure",
    "abfss": "azure",
}
# Names of Deep Lake and boto3, and those of s3fs.
_S3_NAMES: Final = {
    "aws_access_key_id": "key",
    "aws_secret_access_key": "secret",
    "aws_session_token": "token",
}
_SUFFIXES: Final = (".mp4", ".m4v", ".mov")
_WILDCARDS: Final = frozenset("*?[")
SIGNED_SECONDS: Final = 7 * 24 * 3600
"""Lifetime of signed URLs: the longest that Amazon allows."""


def list_videos(
    pattern: str,
    *,
    sign_urls: bool = False,
    expires_seconds: int = SIGNED_SECONDS,
    storage_options: Mapping[str, Any] | None = None,
) -> list[str]:
    """List the videos that match a pattern, in the order of their names.

    Args:
        pattern: ``s3://bucket/prefix/*.mp4``, ``gs://…`` or ``az://container/…``; ``**`` matches
            any folders. A prefix without wildcards matches all MP4 and MOV files below it, and the
            path of a file matches the file. A local pattern works as in a shell, and any other URL
            is returned unchanged.
        sign_urls: Whether to return signed URLs, which anyone who has them can read until they
            expire. Otherwise Labelbox reads the URLs through an IAM integration.
        expires_seconds: Seconds a signed URL stays valid.
        storage_options: Options of fsspec: credentials, ``endpoint_url``, ``account_name``; for S3
            also ``aws_access_key_id``, ``aws_secret_access_key``, ``aws_session_token`` and
            ``aws_region``. By default they are read from the environment.

    Returns:
        Paths or https URLs, for `create_labelbox_annotation_project`.

    Raises:
        ConfigurationError: The extra for this storage is not installed, or Azure's account is
            unknown.
        VideoNotFoundError: Nothing matches the pattern.
        VideoForbiddenError: The storage refuses access.
        LabelboxUnavailableError: The storage cannot be reached, or there are no credentials.

    Example:
        ```python
        urls = list_videos("s3://bucket/street/**/*.mp4", sign_urls=True)
        ```
    """
    scheme, separator, _ = pattern.partition("://")
    if not separator:
        return _local(pattern)
    if scheme.lower() not in _EXTRAS:
        return [pattern]
    options = _options(storage_options or {})
    system = _filesystem(scheme.lower(), options)
    try:
        keys = _keys(system, pattern)
        signed = [str(system.sign(key, expiration=expires_seconds)) for key in keys if sign_urls]
    except PermissionError as error:
        raise VideoForbiddenError(
            f"The storage refuses to list {pattern} ({clean(str(error))}); check the credentials."
        ) from error
    except FileNotFoundError as error:
        raise VideoNotFoundError(f"There is no {pattern}; check bucket and prefix.") from error
    except Exception as error:  # each cloud's client has its own errors
        raise LabelboxUnavailableError(
            f"The storage of {pattern} cannot be listed ({clean(str(error))}); check the "
            f"credentials and the network, and try again."
        ) from error
    if not keys:
        raise VideoNotFoundError(f"No video matches {pattern}; check bucket and prefix.")
    if sign_urls:
        return signed
    client = options.get("client_kwargs") or {}
    return [
        https_url(
            f"{scheme}://{key}",
            endpoint=options.get("endpoint_url") or client.get("endpoint_url"),
            region=client.get("region_name"),
            account=options.get("account_name") or getattr(system, "account_name", None),
        )
        for key in keys
    ]


def _options(given: Mapping[str, Any]) -> dict[str, Any]:
    options = {_S3_NAMES.get(name, name): value for name, value in given.items()}
    region = options.pop("aws_region", None)
    if region is not None:
        options["client_kwargs"] = {"region_name": region, **options.get("client_kwargs", {})}
    return options


def _local(pattern: str) -> list[str]:
    if not _WILDCARDS & set(pattern):
        return [pattern]
    found = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 - absolute patterns too
    # A file may have wildcards in its name.
    return found or [pattern]


def _filesystem(scheme: str, options: dict[str, Any]) -> AbstractFileSystem:
    extra = _EXTRAS[scheme]
    try:
        import fsspec  # noqa: PLC0415 - extra

        # An instance of an earlier call would keep that call's credentials.
        system: AbstractFileSystem = fsspec.filesystem(scheme, skip_instance_cache=True, **options)
    except ImportError as error:
        raise ConfigurationError(
            f"Listing {scheme}:// needs {error.name or 'fsspec'}, which is not installed; run: "
            f'pip install "deeplake-labelbox[{extra}]"'
        ) from error
    except ValueError as error:
        raise ConfigurationError(
            f"The storage options for {scheme}:// cannot be used: {clean(str(error))}."
        ) from error
    return system


def _keys(system: AbstractFileSystem, pattern: str) -> list[str]:
    """Find the ``bucket/key`` of every file that matches a pattern."""
    if _WILDCARDS & set(pattern):
        return sorted(
            str(key)
            for key, entry in system.glob(pattern, detail=True).items()
            if entry.get("type") == "file"
        )
    if system.isfile(pattern):
        return [str(system._strip_protocol(pattern))]  # noqa: SLF001 - fsspec has no public one
    found = sorted(str(key) for key in system.find(pattern))
    return [key for key in found if key.lower().endswith(_SUFFIXES)]
