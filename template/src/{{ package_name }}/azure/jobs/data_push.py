"""Deliver data: a file or folder goes into a container once, whole, and becomes a version of a data asset.

A delivery is a folder `<dataset>/<name>/`. `_SUCCESS` is its last file, so that whoever waits for that never reads half
of one; the asset's version, a digest of the content, comes after it. Each file carries its SHA-256 as metadata: an
interrupted delivery is finished by pushing the same content again, and nothing that is there is ever overwritten.
"""

import hashlib
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import UserError
from ...figures import plural
from ...pipeline.digests import files_of, key_of
from .. import storage
from ..client import Azure
from ..operations import Operation, Say, recorded
from ..problems import translated
from ..tags import PROJECT

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient, ContainerClient

CONTAINER, MARKER = "curated", "_SUCCESS"
SHA256 = "sha256"  # metadata of a blob
BLOCK = 1 << 20

_DATASET = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")  # also part of an asset's name, which Azure ML limits
_FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=-]{0,199}")


@dataclass(frozen=True)
class Delivery:
    """A delivery in a datastore.

    Args:
        asset: NAME:VERSION.
        path: its folder, as jobs read it.
        uploaded: number of files that this call uploaded.
    """

    asset: str
    path: str
    uploaded: int


@dataclass(frozen=True)
class _Store:
    name: str
    container: "ContainerClient"

    def address(self, folder: str) -> str:
        return f"azureml://datastores/{self.name}/paths/{folder}/"


def push(
    azure: Azure,
    path: Path,
    *,
    say: Say,
    to: str = CONTAINER,
    dataset: str | None = None,
    folder: str | None = None,
    dry_run: bool = False,
) -> Delivery | None:
    """Upload a file or folder as one delivery, and register it; return it, None from a dry run.

    Args:
        azure: the environment.
        path: a file, or a folder with all below it.
        say: receives every line for the user.
        to: a container of the environment's lake, or one of data.sources and data.targets of config/.
        dataset: folder that holds the deliveries; default: the name of `path` without its ending.
        folder: of this delivery; default: today's date in UTC and the digest of the content, or the folder in which the
            same content lies already.
        dry_run: only say what would be done.

    Raises:
        UserError: there is nothing to push, a name is refused, or the folder holds something else.
        AzureProblemError, AzureFailedError: Azure refused or failed.
    """
    files = _files(path)
    dataset = _named("--dataset", dataset or path.resolve().name.split(".")[0], _DATASET)
    digests = {name: _sha256(file) for name, file in files.items()}
    version = key_of(digests)[:12]
    name = f"{azure.config.tags.get('project', 'data')}-{dataset}"
    with recorded(azure, "data-push", f"{name}:{version}", say=say, dry_run=dry_run) as operation:
        store = _store(azure, to)
        known = _registered(azure, name, version)
        if known:
            place = _again(store, f"{name}:{version}", known, folder)
        else:
            place = (
                f"{dataset}/{_named('--name', folder, _FOLDER)}" if folder else _place(azure, store, dataset, version)
            )
        there = _there(azure, store, place)
        missing = _missing(store.address(place), digests, there)
        _upload(azure, operation, store, place, {each: files[each] for each in missing}, digests, MARKER in there)
        address = store.address(place)
        if known is None and operation.applies(f"data {name}:{version}", None, address):
            _register(azure, name, version, address)
        if not operation.changes:
            say(f"{name}:{version}: is there already: {address}")
    return None if dry_run else Delivery(f"{name}:{version}", address, len(missing))


def _files(path: Path) -> dict[str, Path]:
    """Return the files to push by their names in the delivery."""
    if path.is_file():
        return {path.name: path}
    if not path.is_dir():
        raise UserError(f"{path}: no such file or folder")
    try:
        found = {file.relative_to(path).as_posix(): file for file in files_of(path)}
    except OSError as error:
        raise UserError(f"{error.filename}: cannot be read: {error.strerror}") from error
    found.pop(MARKER, None)  # of whoever made the folder; this delivery gets its own
    if not found:
        raise UserError(f"{path}: holds no file to push")
    return found


def _sha256(file: Path) -> str:
    total = hashlib.sha256()
    try:
        with file.open("rb") as stream:
            while block := stream.read(BLOCK):
                total.update(block)
    except OSError as error:
        raise UserError(f"{file}: cannot be read: {error.strerror}") from error
    return total.hexdigest()


def _named(option: str, value: str, allowed: re.Pattern[str]) -> str:
    if not allowed.fullmatch(value):
        raise UserError(
            f"{option}: {value!r} is refused: write one folder's name of letters, digits, '-' and '_', not beginning"
            " with a sign"
        )
    return value


def _store(azure: Azure, to: str) -> _Store:
    """Return a datastore of the environment by the name of its container or in config/."""
    config = azure.config
    owned = {**config.data.sources, **config.data.targets}
    if to not in config.data_lake.containers and to not in owned:
        known = ", ".join((*config.data_lake.containers, *owned))
        raise UserError(f"--to {to}: {config.environment.name} has no such container, source or target; it has {known}")
    if to in owned and owned[to].kind == "onelake":
        raise UserError(
            f"--to {to}: lies in OneLake, which is no storage account that this command can write to: upload the files"
            " and then _SUCCESS with the tools of Fabric"
        )
    name = to if to in owned else to.replace("-", "_")
    return _Store(name, storage.datastore(azure, name))


def _registered(azure: Azure, name: str, version: str) -> str | None:
    """Return the path of a version of a data asset, None if it is not registered."""
    from azure.core.exceptions import ResourceNotFoundError

    with translated(azure, f"data {name}:{version}"):
        try:
            found = azure.call("GET", f"{azure.workspace_id}/data/{name}/versions/{version}").body
        except ResourceNotFoundError as error:
            if error.error and error.error.code == "ParentResourceNotFound":
                raise
            return None
    return str(found["properties"]["dataUri"])


def _again(store: _Store, label: str, known: str, folder: str | None) -> str:
    """Return the folder in which registered content lies, if it is the one that is asked for."""
    _, _, rest = known.partition("/datastores/")
    name, _, place = rest.partition("/paths/")
    place = place.strip("/")
    if name != store.name or (folder and folder != place.rpartition("/")[2]):
        raise UserError(f"{label}: is registered already, at {known}: a version stays where it is; use that one")
    return place


def _place(azure: Azure, store: _Store, dataset: str, version: str) -> str:
    """Return the folder of a delivery: that of an interrupted push of the same content, else a new one of today."""
    with translated(azure, f"datastore {store.name}"):
        for each in store.container.walk_blobs(name_starts_with=f"{dataset}/", delimiter="/"):
            if str(each.name).rstrip("/").endswith(f"-{version}"):
                return str(each.name).rstrip("/")
    return f"{dataset}/{datetime.now(UTC):%Y-%m-%d}-{version}"


def _there(azure: Azure, store: _Store, place: str) -> dict[str, str]:
    """Return the SHA-256 of what a delivery's folder holds, by file."""
    found = {}
    with translated(azure, store.address(place)):
        for each in store.container.list_blobs(name_starts_with=f"{place}/", include=["metadata"]):
            metadata = each.metadata or {}
            if metadata.get("hdi_isfolder") != "true":  # folders of a hierarchical account are listed too
                found[str(each.name).removeprefix(f"{place}/")] = metadata.get(SHA256) or _read(store, each.name)
    return found


def _read(store: _Store, name: str) -> str:
    """Return the SHA-256 of a blob that something else than this command wrote."""
    total = hashlib.sha256()
    for block in store.container.download_blob(name).chunks():
        total.update(block)
    return total.hexdigest()


def _missing(address: str, digests: Mapping[str, str], there: Mapping[str, str]) -> list[str]:
    """Return the files to upload.

    Raises:
        UserError: the folder is another delivery.
    """
    way_out = "a delivery is never changed: push into a new folder with --name, or without it"
    others = sorted(name for name in there if name != MARKER and digests.get(name) != there[name])
    if others:
        what = "with other content" if others[0] in digests else "which is not part of this push"
        raise UserError(f"{address}: holds {others[0]} {what}; {way_out}")
    missing = sorted(set(digests) - set(there))
    if missing and MARKER in there:
        raise UserError(f"{address}: is complete without {missing[0]}; {way_out}")
    return missing


def _upload(
    azure: Azure,
    operation: Operation,
    store: _Store,
    place: str,
    files: Mapping[str, Path],
    digests: Mapping[str, str],
    complete: bool,
) -> None:
    """Upload files side by side, and the marker once all of them are there."""
    if complete:
        return
    address = store.address(place)
    if not operation.applies(address, None, f"{plural(len(files), 'file')} and {MARKER}"):
        return

    def upload(name: str) -> None:
        with files[name].open("rb") as stream:
            _put(store.container.get_blob_client(f"{place}/{name}"), stream, digests[name])

    with translated(azure, address), ThreadPoolExecutor(storage.THREADS) as pool:
        try:
            for _ in pool.map(upload, files):
                pass
        except OSError as error:
            raise UserError(f"{error.filename}: cannot be read: {error.strerror}") from error
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
        _put(store.container.get_blob_client(f"{place}/{MARKER}"), b"", hashlib.sha256().hexdigest())


def _put(blob: "BlobClient", content: Any, digest: str) -> None:
    """Write a blob that is not there; one with the same content may have come from a repeat or another push."""
    from azure.core.exceptions import ResourceExistsError

    try:
        blob.upload_blob(content, overwrite=False, metadata={SHA256: digest})
    except ResourceExistsError as error:
        if (blob.get_blob_properties().metadata or {}).get(SHA256) != digest:
            raise UserError(
                f"{blob.url}: another push writes other content there; a delivery is never changed"
            ) from error


def _register(azure: Azure, name: str, version: str, address: str) -> None:
    from azure.ai.ml.entities import Data

    tags = {PROJECT: str(azure.config.tags.get("project", ""))}
    data = Data(name=name, version=version, path=address, type="uri_folder", tags=tags)
    with translated(azure, f"data {name}:{version}"):
        azure.ml.data.create_or_update(data)
