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
THREADS = 8


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


def deliveries(azure: Azure) -> list[Delivery]:
    """Return the complete deliveries in the newest folders of `curated/production/` in the environment's lake.

    Right: Storage Blob Data Reader on the container.
    """
    container = _container(azure)
    folders = sorted(
        str(each.name)
        for each in container.walk_blobs(name_starts_with=FOLDER, delimiter="/")
        if str(each.name).endswith("/")
    )
    with ThreadPoolExecutor(THREADS) as pool:
        found = pool.map(lambda folder: _marker(container, folder), folders[-NEWEST:])
    return [delivery for delivery in found if delivery is not None]


def download(azure: Azure, delivery: Delivery, folder: Path) -> Path:
    """Download the files of a delivery into a new folder below `folder`, and return that; it is absent without files.

    Right: Storage Blob Data Reader on the container.

    Raises:
        UserError: a file's name would lead out of that folder.
        AzureProblemError, AzureFailedError: Azure refused or failed.
    """
    container = _container(azure)
    place = delivery.path.removeprefix(f"{CONTAINER}/").removesuffix(MARKER)
    target = folder / PurePosixPath(place).name
    with translated(azure, delivery.path):
        names = [name for name in storage.files(container, place) if name != MARKER]
        storage.fetch(container, {f"{place}{name}": target / name for name in names})
    return target


def _container(azure: Azure) -> "ContainerClient":
    return storage.container(azure, azure.config.names.data_lake, CONTAINER)


def _marker(container: "ContainerClient", folder: str) -> Delivery | None:
    from azure.core.exceptions import ResourceNotFoundError

    path = f"{folder}{MARKER}"
    try:
        found = container.get_blob_client(path).get_blob_properties()
    except ResourceNotFoundError:
        return None  # still being written
    return Delivery(f"{CONTAINER}/{path}", str(found.etag).strip('"'), found.last_modified)
