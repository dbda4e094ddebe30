"""Parse URLs of cloud objects, in every form that projects contain."""

from __future__ import annotations

import re
from typing import Final, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

_HTTP: Final = frozenset({"http", "https"})
# Legacy global, regional, dual-stack, FIPS and accelerated endpoints:
# https://docs.aws.amazon.com/general/latest/gr/s3.html
_S3_HOST: Final = re.compile(
    r"(?:(?P<bucket>[a-z0-9][a-z0-9._-]*)\.)?s3(?:-(?:accelerate|external-1|fips))?"
    r"(?:\.dualstack)?(?:[.-](?P<region>[a-z]{2,3}(?:-[a-z]+)+-\d+))?\.amazonaws\.com(?:\.cn)?",
    re.ASCII,
)
# https://cloud.google.com/storage/docs/request-endpoints
GCS_HOST: Final = "storage.googleapis.com"
_GCS_HOSTS: Final = (GCS_HOST, "storage.cloud.google.com")
_GCS_JSON: Final = re.compile(r"/(?:download/)?storage/v1/b/([^/]+)/o/([^/]+)")
# https://learn.microsoft.com/azure/storage/common/storage-account-overview#storage-account-endpoints
AZURE_HOST: Final = re.compile(
    r"(?P<account>[a-z0-9]{3,24})(?:-secondary)?(?:\.z\d+)?\.blob\."
    r"(?:core\.(?:windows\.net|usgovcloudapi\.net|chinacloudapi\.cn)|storage\.azure\.net)",
    re.ASCII,
)


class CloudObject(NamedTuple):
    """An object in a bucket; ``region`` only for URLs of S3 that name it."""

    bucket: str
    key: str
    region: str | None = None
    version: str | None = None


def is_amazon(url: str) -> bool:
    """Return whether a URL points to Amazon's own S3."""
    return _S3_HOST.fullmatch(urlsplit(url).hostname or "") is not None


def s3_object(url: str, endpoint_url: str) -> CloudObject | None:
    """Parse a URL of S3, or of the compatible storage at ``endpoint_url``; None for others."""
    if found := _literal(url, "s3"):
        return found
    parts, own = urlsplit(url), urlsplit(endpoint_url)
    path, region = parts.path, None
    if is_amazon(endpoint_url):
        match = _S3_HOST.fullmatch(parts.hostname or "")
        if match is None or parts.scheme not in _HTTP:
            return None
        bucket, region = match["bucket"], match["region"]
        path = path.replace("+", "%20")  # S3 decodes + as a space
    else:
        base = own.path.rstrip("/")
        head, is_own, _ = f".{parts.netloc}|".partition(f".{own.netloc}|")
        if not is_own or parts.scheme != own.scheme or not path.startswith(f"{base}/"):
            return None
        bucket, path = head.removeprefix("."), path.removeprefix(base)
    version = query_parameter(parts.query, "versionId")
    return _split(f"/{bucket}{path}" if bucket else path, region, version)


def gcs_object(url: str) -> CloudObject | None:
    """Parse a URL of Google Cloud Storage; None for others."""
    if found := _literal(url, "gs"):
        return found
    parts = urlsplit(url)
    host, path = parts.hostname or "", parts.path
    version = query_parameter(parts.query, "generation")
    if parts.scheme not in _HTTP or (version is not None and not version.isdecimal()):
        return None
    if host.endswith(f".{GCS_HOST}"):
        path = f"/{host.removesuffix(f'.{GCS_HOST}')}{path}"
    elif host not in _GCS_HOSTS:
        return None
    elif match := _GCS_JSON.fullmatch(path):
        path = f"/{match[1]}/{match[2]}"
    return _split(path, version=version)


def azure_object(url: str, endpoint_url: str | None, account: str | None) -> CloudObject | None:
    """Parse a URL of an Azure account, or of its ``endpoint_url``; None for others."""
    parts = urlsplit(url)
    version = query_parameter(parts.query, "versionid")
    if endpoint_url is not None:
        own = urlsplit(endpoint_url)
        is_own = (parts.scheme, parts.netloc) == (own.scheme, own.netloc)
        if is_own and parts.path.startswith(f"{own.path}/"):
            return _split(parts.path[len(own.path) :], version=version)
    match = AZURE_HOST.fullmatch(parts.hostname or "")
    if parts.scheme not in _HTTP or match is None or match["account"] != account:
        return None
    # https://learn.microsoft.com/rest/api/storageservices/working-with-the-root-container
    path = parts.path if "/" in parts.path.lstrip("/") else f"/$root{parts.path}"
    return _split(path, version=version)


def _literal(url: str, scheme: str) -> CloudObject | None:
    """Parse ``s3://bucket/key`` or ``gs://bucket/object``."""
    head, separator, rest = url.partition("://")
    bucket, _, key = rest.partition("/")
    return CloudObject(bucket, key) if separator and head.lower() == scheme and key else None


def _split(path: str, region: str | None = None, version: str | None = None) -> CloudObject | None:
    """Parse ``/bucket/key``."""
    bucket, _, key = path.removeprefix("/").partition("/")
    return CloudObject(unquote(bucket), unquote(key), region, version) if bucket and key else None


def query_parameter(query: str, name: str) -> str | None:
    """Return the value of a query parameter."""
    return parse_qs(query).get(name, [None])[0]
