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
    """What `gcs` makes.

    Attributes:
        expires_seconds: How long a signed URL opens.
        key_file: JSON file of a service account.
    """

    expires_seconds: int = 3600
    key_file: str | None = None

    def __call__(self, url: str) -> tuple[str, dict[str, Any]]:
        """Give access to a URL of Google Cloud Storage, and return any other as it is."""
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
                f"The login for Google Cloud cannot be used ({type(error).__name__}); run "
                "gcloud auth application-default login."
            ) from error
        query = "" if found.version is None else f"?generation={found.version}"
        plain = f"https://{GCS_HOST}/{found.bucket}/{quote(found.key, safe='/~')}{query}"
        return plain, {"headers": {"Authorization": f"Bearer {own.token}"}}

    def _client(self) -> Any:
        if None not in self._clients:
            self._clients[None] = _client_of(self)
        return self._clients[None]


def gcs(
    *, expires_seconds: int = 3600, key_file: str | os.PathLike[str] | None = None
) -> GcsPresigner:
    """Sign URLs of Google Cloud Storage; needs the extra ``gcs``.

    It signs ``gs://bucket/object``, ``https://storage.googleapis.com/bucket/object``,
    ``https://bucket.storage.googleapis.com/object``, and the URLs of the console and of the JSON
    interface. The credentials need the right ``storage.objects.get``. A login that has no key to
    sign with, such as a user's or a virtual machine's, sends its token to Google instead.

    Args:
        expires_seconds: How long a signed URL opens, at most 7 days. What expires during a download
            is signed again.
        key_file: JSON file with the key of a service account; by default the application default
            credentials (``GOOGLE_APPLICATION_CREDENTIALS``, the login of gcloud, the service
            account of the machine). Ray workers need it at the same path.

    Raises:
        ConfigurationError: If the extra is not installed, an argument cannot be used, or there are
            no credentials.

    Example:
        ```python
        from deeplake_labelbox import create_dataset, presigners

        presigner = presigners.gcs(key_file="reader.json")
        create_dataset("google-clips", project_id, url_presigner=presigner)
        ```
    """
    check_expiry(expires_seconds)
    made = GcsPresigner(expires_seconds, None if key_file is None else os.fspath(key_file))
    made._client()  # noqa: SLF001 - of this module
    return made


def _client_of(settings: GcsPresigner) -> Any:
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
            make: Any = service_account.Credentials.from_service_account_file
            found = make(settings.key_file, scopes=scopes)
    except (OSError, ValueError, exceptions.GoogleAuthError) as error:
        if settings.key_file is not None:
            raise ConfigurationError(
                f"The key file {settings.key_file} cannot be used; give the JSON file of a service "
                "account."
            ) from error
        raise ConfigurationError(
            "There are no usable credentials for Google Cloud; set GOOGLE_APPLICATION_CREDENTIALS "
            "to the key file of a service account, or run gcloud auth application-default login."
        ) from error
    # Signing takes no project, which not all credentials know.
    return storage.Client(project="-", credentials=found)
