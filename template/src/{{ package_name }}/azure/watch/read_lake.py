"""Deliveries of labelled production data to the lake: folders that `_SUCCESS` completes."""

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from ..client import Azure
from .state import Delivery

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

CONTAINER, FOLDER, MARKER = "curated", "production/", "_SUCCESS"
NEWEST = 60  # folders that are looked into; their names begin with a date
THREADS = 8


def deliveries(azure: Azure) -> list[Delivery]:
    """Return the complete deliveries in the newest folders of `curated/production/` in the environment's lake.

    Right: Storage Blob Data Reader on the container.
    """
    from azure.storage.blob import ContainerClient

    account = f"https://{azure.config.names.data_lake}.blob.core.windows.net"
    container = ContainerClient(account, CONTAINER, credential=azure.credential)
    folders = sorted(
        str(each.name)
        for each in container.walk_blobs(name_starts_with=FOLDER, delimiter="/")
        if str(each.name).endswith("/")
    )
    with ThreadPoolExecutor(THREADS) as pool:
        found = pool.map(lambda folder: _marker(container, folder), folders[-NEWEST:])
    return [delivery for delivery in found if delivery is not None]


def _marker(container: "ContainerClient", folder: str) -> Delivery | None:
    from azure.core.exceptions import ResourceNotFoundError

    path = f"{folder}{MARKER}"
    try:
        found = container.get_blob_client(path).get_blob_properties()
    except ResourceNotFoundError:
        return None  # still being written
    return Delivery(f"{CONTAINER}/{path}", str(found.etag).strip('"'), found.last_modified)
