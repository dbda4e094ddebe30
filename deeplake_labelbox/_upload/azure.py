"""List videos in a container of Azure Blob Storage with a SAS token."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from urllib.parse import quote

from deeplake_labelbox._labelbox.client import clean
from deeplake_labelbox.errors import (
    ConfigurationError,
    LabelboxUnavailableError,
    VideoForbiddenError,
    VideoNotFoundError,
)


def load_blob_file_paths_from_azure(
    storage_account_name: str,
    container_name: str,
    parent_path: str,
    sas_token: str,
    predicate: Callable[[str], bool] = lambda _name: True,
    sign_urls: bool = True,  # noqa: FBT001, FBT002 - the signature of deeplake.integrations
) -> list[str]:
    """List the URLs of the blobs below a path; needs the extra ``azure``.

    Args:
        storage_account_name: Name of the storage account.
        container_name: Name of the container.
        parent_path: Start of the names of the blobs.
        sas_token: Token with permission to list and read, with or without a leading ``?``.
        predicate: Called with the name of each blob; returns whether to include it.
        sign_urls: Whether to add the token to the URLs. Labelbox can then read them without an IAM
            integration, until the token expires.

    Raises:
        ConfigurationError: The extra is not installed.
        VideoForbiddenError: The token is refused.
        VideoNotFoundError: The account or container does not exist.
        LabelboxUnavailableError: Azure cannot be reached.

    Example:
        ```python
        urls = load_blob_file_paths_from_azure(
            "account", "container", "street/", sas_token, lambda name: name.endswith(".mp4")
        )
        ```
    """
    try:
        from azure.core import exceptions  # noqa: PLC0415 - extra
        from azure.storage.blob import ContainerClient  # noqa: PLC0415 - extra
    except ImportError as error:
        raise ConfigurationError(
            "Listing Azure needs azure-storage-blob, which is not installed; run: "
            'pip install "deeplake-labelbox[azure]"'
        ) from error
    account = f"https://{storage_account_name}.blob.core.windows.net"
    place = f"{account}/{container_name}/{parent_path}"
    token = sas_token.removeprefix("?")
    try:
        with ContainerClient(account, container_name, credential=token) as container:
            names = [blob.name for blob in container.list_blobs(name_starts_with=parent_path)]
    except (exceptions.ClientAuthenticationError, exceptions.ResourceNotFoundError) as error:
        refused = isinstance(error, exceptions.ClientAuthenticationError)
        kind = VideoForbiddenError if refused else VideoNotFoundError
        raise kind(
            f"Azure did not list {place} ({clean(error.message)}); check the account, the "
            "container and the token."
        ) from error
    except exceptions.AzureError as error:
        raise LabelboxUnavailableError(
            f"Azure cannot be reached for {place} ({clean(error.message)}); try again."
        ) from error
    return blob_urls(
        names, account, container_name, predicate=predicate, token=token if sign_urls else None
    )


def blob_urls(
    names: Iterable[str],
    account_url: str,
    container_name: str,
    *,
    predicate: Callable[[str], bool],
    token: str | None,
) -> list[str]:
    """Return the URLs of blobs, with quoted names and the token, if there is one."""
    query = f"?{token}" if token else ""
    return [
        f"{account_url}/{container_name}/{quote(name)}{query}" for name in names if predicate(name)
    ]
