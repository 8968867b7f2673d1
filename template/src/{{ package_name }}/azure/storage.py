"""Blobs in the storage account of an environment's workspace, for what commands must know of one another."""

from typing import TYPE_CHECKING

from .client import Azure

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient

CONTAINER = "watch"
SECONDS = 20  # to wait for an answer; a blob of commands is small


def blob(azure: Azure, path: str, container: str = CONTAINER, account: str = "") -> "BlobClient":
    """Return the client of a blob, signed in as this process; by default in the workspace's own storage account."""
    from azure.storage.blob import BlobClient

    return BlobClient(
        f"https://{account or azure.config.names.storage_account}.blob.core.windows.net",
        container,
        path,
        credential=azure.credential,
        connection_timeout=SECONDS,
        read_timeout=SECONDS,
    )


def ensure_container(azure: Azure, container: str = CONTAINER) -> None:
    """Make a container of the workspace's storage account if it is missing.

    Raises:
        AzureError: it cannot be made.
    """
    from azure.core.exceptions import ResourceExistsError
    from azure.storage.blob import ContainerClient

    account = f"https://{azure.config.names.storage_account}.blob.core.windows.net"
    try:
        ContainerClient(account, container, credential=azure.credential).create_container()
    except ResourceExistsError:
        return
