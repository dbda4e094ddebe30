"""Sign URLs of Azure Blob Storage."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from deeplake_labelbox.errors import ConfigurationError
from deeplake_labelbox.presigners._cloud_urls import AZURE_HOST, azure_object, query_parameter
from deeplake_labelbox.presigners._presigner import Presigner, check_expiry, not_installed


@dataclass(frozen=True)
class AzurePresigner(Presigner):
    """Presigner that `azure` returns.

    Attributes:
        expires_seconds: Seconds a signed URL stays valid.
        account: Storage account, if it was passed.
    """

    expires_seconds: int = 3600
    account: str | None = None
    _account_key: str | None = field(default=None, repr=False)
    _connection_string: str | None = field(default=None, repr=False)
    _sas_token: str | None = field(default=None, repr=False)

    def __call__(self, url: str) -> tuple[str, dict[str, Any]]:
        """Sign a URL of Azure Blob Storage; return any other URL unchanged."""
        own = self._credentials()
        found = azure_object(url, own.endpoint_url, own.account)
        if found is None:
            return url, {}
        from azure.storage.blob import BlobSasPermissions, generate_blob_sas  # noqa: PLC0415 - extra

        parts = urlsplit(url)
        snapshot = query_parameter(parts.query, "snapshot")
        token = own.sas_token or generate_blob_sas(
            account_name=own.account or "",
            container_name=found.bucket,
            blob_name=found.key,
            snapshot=snapshot,
            account_key=own.account_key,
            permission=BlobSasPermissions(read=True),
            expiry=datetime.now(UTC) + timedelta(seconds=self.expires_seconds),
            version_id=found.version,
        )
        kept = [("versionid", found.version), ("snapshot", snapshot)]
        query = "&".join(
            [*(f"{name}={quote(value, safe='')}" for name, value in kept if value), token]
        )
        # A signature is a secret: send it to Azure's own hosts only over HTTPS.
        scheme = "https" if AZURE_HOST.fullmatch(parts.hostname or "") else parts.scheme
        return parts._replace(scheme=scheme, query=query, fragment="").geturl(), {}

    def _credentials(self) -> _Credentials:
        if None not in self._clients:
            self._clients[None] = _load_credentials(self)
        own: _Credentials = self._clients[None]
        return own


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
    ``BlobEndpoint`` of a connection string, such as those of the emulator. URLs of other accounts
    are returned unchanged.

    Args:
        expires_seconds: Seconds a signed URL stays valid, at most 7 days. URLs that expire during
            a download are signed again.
        account: Storage account; by default that of the connection string, else
            ``AZURE_STORAGE_ACCOUNT``.
        account_key: Key of the account.
        connection_string: Connection string of the account, instead of its name and key.
        sas_token: SAS token with read permission, added to the URLs instead of a signature made
            with a key. It keeps its own expiry.

            Without any of the three, the environment is read: ``AZURE_STORAGE_CONNECTION_STRING``,
            else ``AZURE_STORAGE_KEY``, else ``AZURE_STORAGE_SAS_TOKEN``.

    Raises:
        ConfigurationError: If the extra is not installed, an argument is invalid, or there are no
            credentials.

    Example:
        ```python
        from deeplake_labelbox import create_dataset, presigners

        presigner = presigners.azure(account="account", sas_token=sas_token)
        create_dataset("azure-clips", project_id, url_presigner=presigner)
        ```
    """
    check_expiry(expires_seconds)
    given = [account_key, connection_string, sas_token]
    if len([each for each in given if each]) > 1:
        raise ConfigurationError(
            "Give only one of the Azure account key, connection string and SAS token."
        )
    presigner = AzurePresigner(expires_seconds, account, *(each or None for each in given))
    own = presigner._credentials()  # noqa: SLF001 - of this module
    endpoint_url = own.endpoint_url or f"https://{own.account}.blob.core.windows.net"
    try:
        presigner(f"{endpoint_url}/container/blob")
    except ValueError as error:
        raise ConfigurationError(
            "The Azure account key is not valid; copy it from the access keys of the account."
        ) from error
    return presigner


class _Credentials(NamedTuple):
    """An account with its key or token; ``endpoint_url`` only if the host is not Azure's own."""

    account: str | None
    account_key: str | None
    sas_token: str | None
    endpoint_url: str | None = None


def _load_credentials(settings: AzurePresigner) -> _Credentials:
    try:
        import_module("azure.storage.blob")
    except ImportError as error:
        raise not_installed("azure-storage-blob", "azure") from error
    connection, key, token = (
        settings._connection_string,  # noqa: SLF001 - of this module
        settings._account_key,  # noqa: SLF001 - the same
        settings._sas_token,  # noqa: SLF001 - the same
    )
    if not (connection or key or token):
        connection, key, token = (
            os.environ.get(f"AZURE_STORAGE_{name}")
            for name in ("CONNECTION_STRING", "KEY", "SAS_TOKEN")
        )
    if connection:
        own = _parse_connection_string(connection, settings.account)
    else:
        account = settings.account or os.environ.get("AZURE_STORAGE_ACCOUNT")
        own = _Credentials(account, key or None, None if key else token)
    if not (own.account_key or own.sas_token):
        raise ConfigurationError(
            "No Azure credentials were found; set AZURE_STORAGE_CONNECTION_STRING, or "
            "AZURE_STORAGE_ACCOUNT with AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN."
        )
    if not own.account and (own.account_key or not own.endpoint_url):
        raise ConfigurationError(
            "The Azure storage account is unknown; set AZURE_STORAGE_ACCOUNT to the account that "
            "the key or token belongs to."
        )
    return own._replace(sas_token=(own.sas_token or "").removeprefix("?") or None)


def _parse_connection_string(text: str, account: str | None) -> _Credentials:
    """Parse a connection string.

    https://learn.microsoft.com/azure/storage/common/storage-configure-connection-string
    """
    pairs = (part.partition("=") for part in text.split(";") if part.strip())
    values = {name.strip().lower(): value.strip() for name, _, value in pairs}
    if "usedevelopmentstorage" in values:
        raise ConfigurationError(
            "UseDevelopmentStorage is not supported; give the emulator's connection string with "
            "AccountName, AccountKey and BlobEndpoint."
        )
    endpoint = values.get("blobendpoint", "").rstrip("/") or None
    host = AZURE_HOST.fullmatch(urlsplit(endpoint or "").hostname or "")
    own = values.get("accountname") or (host["account"] if host else None)
    if account is not None and own is not None and account != own:
        raise ConfigurationError(
            f"The connection string belongs to the account {own}, not {account}; give only one of "
            "them."
        )
    return _Credentials(
        own or account,
        values.get("accountkey"),
        values.get("sharedaccesssignature"),
        None if host else endpoint,
    )
