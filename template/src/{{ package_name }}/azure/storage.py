"""Storage accounts of an environment: blobs for what commands must know of one another, and files of datastores."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from ..errors import UserError
from .client import Azure
from .problems import translated

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient, BlobProperties, ContainerClient

CONTAINER = "watch"
SECONDS = 20  # to wait for an answer; a blob of commands is small
FILE_SECONDS = 60  # the same, for files of any size
THREADS = 8


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

    try:
        client(azure, azure.config.names.storage_account, container).create_container()
    except ResourceExistsError:
        return


def client(azure: Azure, account: str, container: str) -> "ContainerClient":
    """Return the client of a container, signed in as this process; asks nothing of it yet."""
    from azure.storage.blob import ContainerClient

    return ContainerClient(
        f"https://{account}.blob.core.windows.net",
        container,
        credential=azure.credential,
        connection_timeout=FILE_SECONDS,
        read_timeout=FILE_SECONDS,
    )


def datastore(azure: Azure, name: str) -> "ContainerClient":
    """Return the client of the container that a datastore of the workspace stands for.

    Raises:
        AzureProblemError, AzureFailedError: Azure refused or failed.
    """
    with translated(azure, f"datastore {name}"):
        place = azure.call("GET", f"{azure.workspace_id}/datastores/{name}").body["properties"]
    return client(azure, place["accountName"], place.get("filesystem") or place["containerName"])


def files(container: "ContainerClient", folder: str) -> "dict[str, BlobProperties]":
    """Return the files at any depth of a folder, by their paths from it.

    Args:
        container: that is asked.
        folder: with a slash at the end.

    Raises:
        UserError: a file's name would lead out of the folder.
        AzureError: the container cannot be listed.
    """
    found = {}
    for each in container.list_blobs(folder, include=["metadata"]):
        # A lake lists its folders too: they are blobs of no length that others lie in.
        if (each.metadata or {}).get("hdi_isfolder") != "true":
            found[str(each.name).removeprefix(folder)] = each
    # Two slashes in a blob's name make what follows them the path from the root of this machine.
    if outside := next((name for name in found if ".." in PurePosixPath(name).parts or name.startswith("/")), None):
        where = f"{container.container_name}/{folder}"
        raise UserError(f"{where}: file {outside!r} is refused: a name may not lead out of its folder")
    return found


def fetch(container: "ContainerClient", wanted: Mapping[str, Path]) -> None:
    """Download blobs, side by side.

    Args:
        container: that has them.
        wanted: name of a blob -> the file that it becomes.

    Raises:
        AzureError: one cannot be read.
    """

    def download(name: str) -> None:
        wanted[name].parent.mkdir(parents=True, exist_ok=True)
        with wanted[name].open("wb") as stream:
            container.download_blob(name).readinto(stream)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(download, wanted))
