"""Convert bucket URLs to the https URLs that Labelbox reads through an IAM integration."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from deeplake_labelbox.errors import ConfigurationError


def https_url(
    url: str,
    *,
    endpoint: str | None = None,
    region: str | None = None,
    account: str | None = None,
) -> str:
    """Return the https URL of an object.

    Args:
        url: ``s3://bucket/key``, ``gs://bucket/key`` (or ``gcs://``) or
            ``az://container/blob`` (or ``abfs://``, ``abfss://``).
        endpoint: URL of an S3 server other than Amazon's.
        region: Region of the bucket, for Amazon; without it, Amazon redirects.
        account: Name of the storage account, for Azure.

    Raises:
        ConfigurationError: The URL does not name an object, or Azure's account is missing.
    """
    parts = urlsplit(url, allow_fragments=False)
    bucket = parts.netloc
    key = quote(parts.path.lstrip("/") + (f"?{parts.query}" if parts.query else ""))
    if not bucket or not key:
        raise ConfigurationError(
            f"{url} does not name a file in a bucket; write scheme://bucket/path."
        )
    match parts.scheme.lower():
        case "s3" if endpoint:
            return f"{endpoint.rstrip('/')}/{bucket}/{key}"
        case "s3":
            host = f"s3.{region}" if region else "s3"
            return f"https://{bucket}.{host}.amazonaws.com/{key}"
        case "gs" | "gcs":
            return f"https://storage.googleapis.com/{bucket}/{key}"
        case "az" | "abfs" | "abfss" if account:
            return f"https://{account}.blob.core.windows.net/{bucket}/{key}"
    raise ConfigurationError(
        f"{url} has no known https URL; for Azure, give the account_name; otherwise use s3:// or "
        "gs://."
    )
