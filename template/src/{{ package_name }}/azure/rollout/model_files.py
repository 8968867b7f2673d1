"""The files of a model version: all of them, or a few without the rest, which may be gigabytes."""

from collections.abc import Collection
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from ...errors import UserError
from .. import models, storage
from ..client import Azure
from ..problems import translated
from .releases import Release

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

# Of the request by which azure-ai-ml gets the address of a registry's files (get_storage_details_for_registry_assets).
REFERENCES = "2021-10-01-dataplanepreview"


def download(azure: Azure, release: Release, folder: Path, only: Collection[str] = ()) -> Path:
    """Fetch files of a model version, and return its model folder, which is `folder`.

    Args:
        azure: the environment.
        release: the version.
        folder: for the files.
        only: these files of the model folder, as far as it has them; default: all.

    Raises:
        UserError: the files are no model of this project, or Azure refused or failed.
    """
    with translated(azure, f"files of model {release.label}"):
        container, place = _place(azure, release)
        found = storage.files(container, place)
        inside = _model_folder(found, release.label)
        names = {name: name.removeprefix(inside) for name in found if name.startswith(inside)}
        chosen = {name: path for name, path in names.items() if not only or path in only}
        storage.fetch(container, {f"{place}{name}": folder / path for name, path in chosen.items()})
    return folder


def _model_folder(names: Collection[str], label: str) -> str:
    """Return the folder that holds a model's contract, with a slash at the end; empty for the topmost one."""
    from ...records import Contract

    found = [PurePosixPath(name).parent for name in names if PurePosixPath(name).name == Contract.FILE]
    if len(found) != 1:
        raise UserError(f"model {label}: must hold one {Contract.FILE}; found {len(found)}: was it made by 'train'?")
    return "" if found[0] == PurePosixPath() else f"{found[0]}/"


def _place(azure: Azure, release: Release) -> "tuple[ContainerClient, str]":
    """Return the container of a version's files, and their folder in it with a slash at the end."""
    if release.in_registry:
        return _in_registry(azure, release)
    name = release.reference.removeprefix("azureml:").split(":")[0]
    uri = _uri(azure, models.workspace(azure), name, release.version)
    _, _, rest = uri.partition("/datastores/")
    store, _, folder = rest.partition("/paths/")
    if not folder:
        raise UserError(f"model {release.label}: lies at {uri}: must be azureml://.../datastores/NAME/paths/FOLDER")
    return storage.datastore(azure, store), f"{folder.rstrip('/')}/"


def _in_registry(azure: Azure, release: Release) -> "tuple[ContainerClient, str]":
    from azure.storage.blob import ContainerClient

    place = models.registry(azure)
    uri = _uri(azure, place, release.name, release.version)
    container, _, folder = unquote(urlsplit(uri).path).lstrip("/").partition("/")
    asset = f"azureml://registries/{place.name}/models/{release.name}/versions/{release.version}"
    home = models.home(azure, place.name)["primaryRegionResourceProviderUri"].rstrip("/")
    answer = azure.call(
        "POST",
        f"{home}/mferp/managementfrontend{place.id}/datarefs/{release.name}/versions/{release.version}",
        version=REFERENCES,
        body={"assetId": asset, "blobUri": uri},
    )
    given: dict[str, Any] = answer.body["blobReferenceForConsumption"]
    options: dict[str, Any] = {"connection_timeout": storage.FILE_SECONDS, "read_timeout": storage.FILE_SECONDS}
    if signed := (given.get("credential") or {}).get("sasUri"):
        return ContainerClient.from_container_url(signed, **options), f"{folder.rstrip('/')}/"
    account = str(urlsplit(uri).hostname).partition(".")[0]
    return storage.client(azure, account, container), f"{folder.rstrip('/')}/"


def _uri(azure: Azure, place: models.Place, name: str, version: str) -> str:
    return str(azure.call("GET", f"{place.id}/models/{name}/versions/{version}").body["properties"]["modelUri"])
