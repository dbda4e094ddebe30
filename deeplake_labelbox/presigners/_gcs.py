"""Sign URLs of Google Cloud Storage."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from deeplake_labelbox.errors import ConfigurationError
from deeplake_labelbox.presigners._cloud_urls import GCS_HOST, gcs_object
from deeplake_labelbox.presigners._presigner import Presigner, check_expiry, not_installed


@dataclass(frozen=True)
class GcsPresigner(Presigner):
    """Presigner that `gcs` returns.

    Attributes:
        expires_seconds: Seconds a signed URL stays valid.
        key_file: JSON key file of a service account.
    """

    expires_seconds: int = 3600
    key_file: str | None = None

    def __call__(self, url: str) -> tuple[str, dict[str, Any]]:
        """Sign a URL of Google Cloud Storage, or add a token; return any other URL unchanged."""
        found = gcs_object(url)
        if found is None:
            return url, {}
        client = self._client()
        from google.auth import credentials, exceptions  # noqa: PLC0415 - extra
        from google.auth.transport.requests import Request  # noqa: PLC0415 - extra

        own = client._credentials  # noqa: SLF001 - Google's clients have no public name for it
        try:
            if isinstance(own, credentials.Signing):
                generation = None if found.version is None else int(found.version)
                signed: str = (
                    client.bucket(found.bucket)
                    .blob(found.key, generation=generation)
                    .generate_signed_url(
                        version="v4",
                        expiration=timedelta(seconds=self.expires_seconds),
                        generation=generation,
                    )
                )
                return signed, {}
            if not own.valid:
                own.refresh(Request())
        except exceptions.GoogleAuthError as error:
            raise ConfigurationError(
                f"The Google Cloud login failed ({type(error).__name__}); run gcloud auth "
                "application-default login."
            ) from error
        query = "" if found.version is None else f"?generation={found.version}"
        plain = f"https://{GCS_HOST}/{found.bucket}/{quote(found.key, safe='/~')}{query}"
        return plain, {"headers": {"Authorization": f"Bearer {own.token}"}}

    def _client(self) -> Any:
        if None not in self._clients:
            self._clients[None] = _create_client(self)
        return self._clients[None]


def gcs(
    *, expires_seconds: int = 3600, key_file: str | os.PathLike[str] | None = None
) -> GcsPresigner:
    """Sign URLs of Google Cloud Storage; needs the extra ``gcs``.

    It signs ``gs://bucket/object``, ``https://storage.googleapis.com/bucket/object``,
    ``https://bucket.storage.googleapis.com/object``, and URLs of the console and of the JSON API.
    The credentials need the permission ``storage.objects.get``. Credentials without a private key,
    such as a user's login or a virtual machine's, send their token to Google instead.

    Args:
        expires_seconds: Seconds a signed URL stays valid, at most 7 days. URLs that expire during
            a download are signed again.
        key_file: JSON key file of a service account; by default the application default
            credentials (``GOOGLE_APPLICATION_CREDENTIALS``, the login of gcloud, the service
            account of the machine). Ray workers need it at the same path.

    Raises:
        ConfigurationError: If the extra is not installed, an argument is invalid, or there are no
            credentials.

    Example:
        ```python
        from deeplake_labelbox import create_dataset, presigners

        presigner = presigners.gcs(key_file="reader.json")
        create_dataset("google-clips", project_id, url_presigner=presigner)
        ```
    """
    check_expiry(expires_seconds)
    presigner = GcsPresigner(expires_seconds, None if key_file is None else os.fspath(key_file))
    presigner._client()  # noqa: SLF001 - of this module
    return presigner


def _create_client(settings: GcsPresigner) -> Any:
    try:
        import google.auth  # noqa: PLC0415 - extra
        from google.auth import exceptions  # noqa: PLC0415 - extra
        from google.cloud import storage  # noqa: PLC0415 - extra
        from google.oauth2 import service_account  # noqa: PLC0415 - extra
    except ImportError as error:
        raise not_installed("google-cloud-storage", "gcs") from error
    scopes = ["https://www.googleapis.com/auth/devstorage.read_only"]
    try:
        if settings.key_file is None:
            found, _ = google.auth.default(scopes=scopes)
        else:
            from_file: Any = service_account.Credentials.from_service_account_file
            found = from_file(settings.key_file, scopes=scopes)
    except (OSError, ValueError, exceptions.GoogleAuthError) as error:
        if settings.key_file is not None:
            raise ConfigurationError(
                f"The key file {settings.key_file} cannot be used; give the JSON key file of a "
                "service account."
            ) from error
        raise ConfigurationError(
            "No usable Google Cloud credentials were found; set GOOGLE_APPLICATION_CREDENTIALS to "
            "the key file of a service account, or run gcloud auth application-default login."
        ) from error
    # Signing needs no project, and not all credentials have one.
    return storage.Client(project="-", credentials=found)
