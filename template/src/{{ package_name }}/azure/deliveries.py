"""Deliveries of labelled production data to the lake: folders that `_SUCCESS` completes."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from . import storage
from .client import Azure
from .problems import translated

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

CONTAINER, FOLDER, MARKER = "curated", "production/", "_SUCCESS"
NEWEST = 60  # folders that are looked into; their names begin with a date


@dataclass(frozen=True)
class Delivery:
    """A complete delivery to the lake: the path of its marker; a rewritten marker has another etag."""

    path: str
    etag: str
    at: datetime

    @property
    def key(self) -> str:
        """Its identity among deliveries, rewritten ones included."""
        return f"{self.path}@{self.etag}"

    @property
    def place(self) -> str:
        """Its folder in the container, with a slash at the end."""
        return self.path.removeprefix(f"{CONTAINER}/").removesuffix(MARKER)

    @property
    def folder_name(self) -> str:
        """The name of that folder."""
        return PurePosixPath(self.place).name


def deliveries(azure: Azure) -> list[Delivery]:
    """Return the complete deliveries in the newest folders of `curated/production/` in the environment's lake.

    Right: Storage Blob Data Reader on the container.
    """
    client = container(azure)
    folders = sorted(
        str(each.name)
        for each in client.walk_blobs(name_starts_with=FOLDER, delimiter="/")
        if str(each.name).endswith("/")
    )
    with ThreadPoolExecutor(storage.THREADS) as pool:
        found = pool.map(lambda folder: _marker(client, folder), folders[-NEWEST:])
    return [delivery for delivery in found if delivery is not None]


def download(azure: Azure, delivery: Delivery, folder: Path) -> Path:
    """Download the files of a delivery into a new folder below `folder`, and return that; it is absent without files.

    Right: Storage Blob Data Reader on the container.

    Raises:
        UserError: a file's name would lead out of that folder.
        AzureProblemError, AzureFailedError: Azure refused or failed.
    """
    target = folder / delivery.folder_name
    names = files(azure, delivery)
    with translated(azure, delivery.path):
        storage.fetch(container(azure), {f"{delivery.place}{name}": target / name for name in names})
    return target


def files(azure: Azure, delivery: Delivery) -> dict[str, int]:
    """Return the files of a delivery, by their paths in its folder, with their bytes.

    Right: Storage Blob Data Reader on the container.

    Raises:
        UserError: a file's name would lead out of that folder.
        AzureProblemError, AzureFailedError: Azure refused or failed.
    """
    with translated(azure, delivery.path):
        found = storage.files(container(azure), delivery.place)
    return {name: int(blob.size) for name, blob in found.items() if name != MARKER}


def container(azure: Azure) -> "ContainerClient":
    """Return the client of the container of deliveries."""
    return storage.client(azure, azure.config.names.data_lake, CONTAINER)


def _marker(container: "ContainerClient", folder: str) -> Delivery | None:
    from azure.core.exceptions import ResourceNotFoundError

    path = f"{folder}{MARKER}"
    try:
        found = container.get_blob_client(path).get_blob_properties()
    except ResourceNotFoundError:
        return None  # still being written
    return Delivery(f"{CONTAINER}/{path}", str(found.etag).strip('"'), found.last_modified)
