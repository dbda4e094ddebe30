"""Access to videos in private buckets: a presigner for each cloud, on the cloud's own client.

A presigner is passed as ``url_presigner``, for instance to `create_dataset`. It signs the URLs of
its own cloud, in every form that projects hold, and returns every other URL as it is, so that a
project may mix them. Videos that Labelbox hosts are still opened with the API key.

In ``s3://`` and ``gs://`` URLs the key is taken literally, as the clouds' command lines take it;
in ``https://`` URLs it is percent-encoded. A signature in the URL is replaced.

Presigners hold settings only and can be pickled; each process makes its own client.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any, Final
from urllib.parse import quote, urlsplit

from deeplake_labelbox._video.cloud_urls import (
    AZURE_HOST,
    GCS_HOST,
    azure_object,
    gcs_object,
    is_amazon,
    of_query,
    s3_object,
)
from deeplake_labelbox.errors import ConfigurationError

__all__ = ["AzurePresigner", "GcsPresigner", "S3Presigner", "azure", "gcs", "s3"]

_LONGEST: Final = 7 * 24 * 3600


@dataclass(frozen=True)
class _Settings:
    """Settings that can be pickled, with the clients that this process made of them."""

    _clients: dict[str | None, Any] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_clients": {}}


@dataclass(frozen=True)
class S3Presigner(_Settings):
    """What `s3` makes.

    Attributes:
        expires_seconds: How long a signed URL opens.
        region: Region of buckets whose URLs do not name it.
        endpoint_url: URL of another storage with Amazon's interface.
        profile: Profile of the AWS configuration files.
    """

    expires_seconds: int = 3600
    region: str | None = None
    endpoint_url: str | None = None
    profile: str | None = None
    _keys: tuple[str | None, str | None, str | None] = field(default=(None, None, None), repr=False)

    def __call__(self, url: str) -> tuple[str, dict[str, Any]]:
        """Sign a URL of S3, and return any other as it is."""
        client = self._client()
        found = s3_object(url, client.meta.endpoint_url)
        if found is None:
            return url, {}
        if found.place is not None and self.region is None:
            client = self._client(found.place)
        asked = {"Bucket": found.bucket, "Key": found.key}
        if found.version is not None:
            asked["VersionId"] = found.version
        signed: str = client.generate_presigned_url(
            "get_object", Params=asked, ExpiresIn=self.expires_seconds
        )
        return signed, {}

    def _client(self, region: str | None = None) -> Any:
        if region not in self._clients:
            self._clients[region] = _s3_client(self, region)
        return self._clients[region]


def s3(
    *,
    expires_seconds: int = 3600,
    region: str | None = None,
    endpoint_url: str | None = None,
    profile: str | None = None,
    access_key_id: str | None = None,
    secret_access_key: str | None = None,
    session_token: str | None = None,
) -> S3Presigner:
    """Sign URLs of Amazon S3, or of a storage with its interface; needs the extra ``s3``.

    It signs ``s3://bucket/key``, ``https://bucket.s3.REGION.amazonaws.com/key``,
    ``https://s3.REGION.amazonaws.com/bucket/key``, and the same two forms of ``endpoint_url``. The
    credentials need the right ``s3:GetObject``.

    Args:
        expires_seconds: How long a signed URL opens, at most 7 days. Temporary credentials may
            expire earlier. What expires during a download is signed again.
        region: Region of the buckets, like ``eu-central-1``; by default the one in the URL, else
            the configured one.
        endpoint_url: URL of another storage, such as MinIO; by default that of the environment
            (``AWS_ENDPOINT_URL_S3``, ``AWS_ENDPOINT_URL``), else Amazon's.
        profile: Profile of the AWS configuration files.
        access_key_id: By default botocore looks for them in the environment, in ``~/.aws`` and
            in the role of the machine.
        secret_access_key: The secret of ``access_key_id``.
        session_token: The token of temporary credentials.

    Raises:
        ConfigurationError: If the extra is not installed, an argument cannot be used, or there are
            no credentials.

    Example:
        ```python
        from deeplake_labelbox import create_dataset, presigners

        create_dataset("s3-clips", project_id, url_presigner=presigners.s3(region="eu-central-1"))
        ```
    """
    _check_expiry(expires_seconds)
    if (access_key_id is None) != (secret_access_key is None):
        raise ConfigurationError("Give the access key id of S3 together with its secret.")
    keys = (access_key_id, secret_access_key, session_token)
    made = S3Presigner(expires_seconds, region, endpoint_url, profile, keys)
    made._client()  # noqa: SLF001 - of this module
    return made


def _s3_client(settings: S3Presigner, region: str | None) -> Any:
    try:
        from botocore.config import Config  # noqa: PLC0415 - extra
        from botocore.exceptions import BotoCoreError  # noqa: PLC0415 - extra
        from botocore.session import Session  # noqa: PLC0415 - extra
    except ImportError as error:
        raise _not_installed("botocore", "s3") from error
    key, secret, token = settings._keys  # noqa: SLF001 - of this module
    try:
        session = Session(profile=settings.profile)
        if key is not None:
            session.set_credentials(key, secret, token)
        if session.get_credentials() is None:
            raise ConfigurationError(
                "There are no credentials for S3; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
                "or configure a profile."
            )
        place = region or settings.region or session.get_config_variable("region") or "us-east-1"
        plain = session.create_client("s3", place, endpoint_url=settings.endpoint_url)
        # Other storages have no names of hosts for their buckets.
        style = "virtual" if is_amazon(plain.meta.endpoint_url) else "path"
        return session.create_client(
            "s3",
            place,
            endpoint_url=settings.endpoint_url,
            config=Config(
                signature_version="s3v4",
                s3={"addressing_style": style, "us_east_1_regional_endpoint": "regional"},
            ),
        )
    except (BotoCoreError, ValueError) as error:
        if isinstance(error, ConfigurationError):
            raise
        raise ConfigurationError(f"The client of S3 cannot be made: {error}") from error


@dataclass(frozen=True)
class GcsPresigner(_Settings):
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
        try:
            if not own.valid:
                own.refresh(Request())
        except exceptions.GoogleAuthError as error:
            raise ConfigurationError(
                f"The login for Google Cloud cannot be renewed ({type(error).__name__}); run "
                "gcloud auth application-default login."
            ) from error
        query = "" if found.version is None else f"?generation={found.version}"
        plain = f"https://{GCS_HOST}/{found.bucket}/{quote(found.key, safe='/~')}{query}"
        return plain, {"headers": {"Authorization": f"Bearer {own.token}"}}

    def _client(self) -> Any:
        if None not in self._clients:
            self._clients[None] = _gcs_client(self)
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
    _check_expiry(expires_seconds)
    made = GcsPresigner(expires_seconds, None if key_file is None else os.fspath(key_file))
    made._client()  # noqa: SLF001 - of this module
    return made


def _gcs_client(settings: GcsPresigner) -> Any:
    try:
        import google.auth  # noqa: PLC0415 - extra
        from google.auth import exceptions  # noqa: PLC0415 - extra
        from google.cloud import storage  # noqa: PLC0415 - extra
        from google.oauth2 import service_account  # noqa: PLC0415 - extra
    except ImportError as error:
        raise _not_installed("google-cloud-storage", "gcs") from error
    scopes = ["https://www.googleapis.com/auth/devstorage.read_only"]
    try:
        if settings.key_file is None:
            found, _ = google.auth.default(scopes=scopes)
        else:
            make: Any = service_account.Credentials.from_service_account_file
            found = make(settings.key_file, scopes=scopes)
    except exceptions.DefaultCredentialsError as error:
        raise ConfigurationError(
            "There are no usable credentials for Google Cloud; set GOOGLE_APPLICATION_CREDENTIALS "
            "to the key file of a service account, or run gcloud auth application-default login."
        ) from error
    except (OSError, ValueError, exceptions.GoogleAuthError) as error:
        raise ConfigurationError(
            f"The key file {settings.key_file} cannot be used; give the JSON file of a service "
            "account."
        ) from error
    # Signing takes no project, which not all credentials know.
    return storage.Client(project="-", credentials=found)


@dataclass(frozen=True)
class AzurePresigner:
    """What `azure` makes.

    Attributes:
        expires_seconds: How long a signed URL opens.
        account: The account whose URLs are signed; ``None`` signs those of any account.
        endpoint_url: URL of the account in another place than Azure, such as the emulator.
    """

    expires_seconds: int = 3600
    account: str | None = None
    endpoint_url: str | None = None
    _account_key: str | None = field(default=None, repr=False)
    _sas_token: str | None = field(default=None, repr=False)

    def __call__(self, url: str) -> tuple[str, dict[str, Any]]:
        """Sign a URL of Azure Blob Storage, and return any other as it is."""
        parts = urlsplit(url)
        found = azure_object(url, self.endpoint_url, self.account)
        if found is None or (self.account is not None and found.place != self.account):
            return url, {}
        from azure.storage.blob import BlobSasPermissions, generate_blob_sas  # noqa: PLC0415 - extra

        snapshot = of_query(parts.query, "snapshot")
        token = self._sas_token or generate_blob_sas(
            account_name=found.place,
            container_name=found.bucket,
            blob_name=found.key,
            snapshot=snapshot,
            account_key=self._account_key,
            permission=BlobSasPermissions(read=True),
            expiry=datetime.now(UTC) + timedelta(seconds=self.expires_seconds),
            version_id=found.version,
        )
        kept = [("versionid", found.version), ("snapshot", snapshot)]
        query = "&".join(
            [*(f"{name}={quote(value, safe='')}" for name, value in kept if value), token]
        )
        # The secret of a signature goes to Azure's own hosts encrypted only.
        scheme = parts.scheme if self.endpoint_url is not None else "https"
        return parts._replace(scheme=scheme, query=query, fragment="").geturl(), {}


def azure(
    *,
    expires_seconds: int = 3600,
    account: str | None = None,
    account_key: str | None = None,
    connection_string: str | None = None,
    sas_token: str | None = None,
) -> AzurePresigner:
    """Sign URLs of Azure Blob Storage; needs the extra ``azure``.

    It signs ``https://ACCOUNT.blob.core.windows.net/container/blob``, and URLs below the
    ``BlobEndpoint`` of a connection string, such as those of the emulator.

    Args:
        expires_seconds: How long a signed URL opens. What expires during a download is signed
            again.
        account: The storage account; URLs of other accounts are returned as they are. By default
            that of the connection string, else ``AZURE_STORAGE_ACCOUNT``, else any.
        account_key: Key of the account.
        connection_string: Connection string of the account, instead of its name and key.
        sas_token: A token with the right to read, which is added to the URLs, instead of a key.
            Its own expiry holds.

            Without any of the three, the environment is read: ``AZURE_STORAGE_CONNECTION_STRING``,
            else ``AZURE_STORAGE_KEY``, else ``AZURE_STORAGE_SAS_TOKEN``.

    Raises:
        ConfigurationError: If the extra is not installed, an argument cannot be used, or there are
            no credentials.

    Example:
        ```python
        from deeplake_labelbox import create_dataset, presigners

        presigner = presigners.azure(account="account", sas_token=sas_token)
        create_dataset("azure-clips", project_id, url_presigner=presigner)
        ```
    """
    try:
        import_module("azure.storage.blob")
    except ImportError as error:
        raise _not_installed("azure-storage-blob", "azure") from error
    _check_expiry(expires_seconds)
    given = [each for each in (account_key, connection_string, sas_token) if each]
    if len(given) > 1:
        raise ConfigurationError(
            "Give one of the account key, the connection string and the SAS token of Azure."
        )
    if not given:
        connection_string = os.environ.get("AZURE_STORAGE_CONNECTION_STRING")
        account_key = os.environ.get("AZURE_STORAGE_KEY") if not connection_string else None
        if not (connection_string or account_key):
            sas_token = os.environ.get("AZURE_STORAGE_SAS_TOKEN")
    made = AzurePresigner(
        expires_seconds,
        account or os.environ.get("AZURE_STORAGE_ACCOUNT") or None,
        None,
        account_key or None,
        (sas_token or "").removeprefix("?") or None,
    )
    return _checked_azure(_connected(made, account, connection_string))


def _connected(
    made: AzurePresigner, account: str | None, connection_string: str | None
) -> AzurePresigner:
    """The presigner with what a connection string says."""
    if not connection_string:
        return made
    pairs = (part.partition("=") for part in connection_string.split(";") if part.strip())
    said = {name.strip().lower(): value.strip() for name, _, value in pairs}
    endpoint = said.get("blobendpoint", "").rstrip("/") or None
    if endpoint is not None and AZURE_HOST.fullmatch(urlsplit(endpoint).hostname or ""):
        endpoint = None
    if "usedevelopmentstorage" in said:
        raise ConfigurationError(
            "The connection string of Azure has no key; write the emulator's out, with "
            "AccountName, AccountKey and BlobEndpoint."
        )
    own = said.get("accountname")
    if account is not None and own is not None and account != own:
        raise ConfigurationError(
            f"The connection string is of the account {own}, not {account}; give one of them."
        )
    return replace(
        made,
        account=own or account,
        endpoint_url=endpoint,
        _account_key=said.get("accountkey"),
        _sas_token=said.get("sharedaccesssignature", "").removeprefix("?") or None,
    )


def _checked_azure(made: AzurePresigner) -> AzurePresigner:
    if made._account_key is None and made._sas_token is None:  # noqa: SLF001 - of this module
        raise ConfigurationError(
            "There are no credentials for Azure; set AZURE_STORAGE_CONNECTION_STRING, "
            "AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN."
        )
    try:
        probe = made.endpoint_url or f"https://{made.account or 'account'}.blob.core.windows.net"
        made(f"{probe}/container/blob")
    except ValueError as error:
        raise ConfigurationError(
            "The account key of Azure is not a key; copy it from the access keys of the account."
        ) from error
    return made


def _check_expiry(seconds: int) -> None:
    if not 1 <= seconds <= _LONGEST:
        raise ConfigurationError(
            f"expires_seconds is {seconds}; give 1 to {_LONGEST} seconds (7 days)."
        )


def _not_installed(package: str, extra: str) -> ConfigurationError:
    return ConfigurationError(
        f"Signing URLs needs {package}, which is not installed; run: "
        f'pip install "deeplake-labelbox[{extra}]"'
    )
