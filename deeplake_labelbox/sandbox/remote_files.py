"""Fetch files by URL for clients: uploads, and files from servers on the same machine."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import requests

if TYPE_CHECKING:
    from deeplake_labelbox.sandbox.export_rendering import FileUrls
    from deeplake_labelbox.sandbox.store import Store, UploadRecord

_TIMEOUT_SECONDS: Final = 10


class RemoteFileError(Exception):
    """A file could not be fetched; the message is worded like Labelbox's."""


def upload_at(url: str, store: Store, urls: FileUrls) -> UploadRecord | None:
    """Return the upload at a URL of the sandbox's storage host."""
    if not url.startswith(f"{urls.signed.storage_url}/uploads/"):
        return None
    return store.uploads.get(urlsplit(url).path.split("/")[2])


def is_reachable(url: str) -> bool:
    """Return whether the sandbox fetches from this URL; it only fetches from this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        is_here = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
    return is_here and parts.scheme in ("http", "https")


def has_bucket(url: str) -> bool:
    """Return whether a URL is in a bucket, which Labelbox reads only through IAM integrations."""
    return urlsplit(url).scheme in ("gs", "s3", "azure")


def fetch(url: str, store: Store, urls: FileUrls) -> bytes:
    """Return the bytes at a URL.

    Raises:
        RemoteFileError: There is no file, or it is on another machine.
    """
    upload = upload_at(url, store, urls)
    if upload is not None:
        return upload.content
    if not is_reachable(url):
        raise RemoteFileError("Failed to access URL: the sandbox reads only from 127.0.0.1")
    try:
        with requests.Session() as session:
            session.trust_env = False  # without the proxies of the environment
            answer = session.get(url, timeout=_TIMEOUT_SECONDS)
    except requests.RequestException as error:
        raise RemoteFileError(f"Failed to access URL: {type(error).__name__}") from error
    if not answer.ok:
        raise RemoteFileError(f"Failed to access URL: {answer.status_code}")
    return answer.content
