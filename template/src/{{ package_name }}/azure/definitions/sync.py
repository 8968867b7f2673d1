"""Register what jobs and deployments refer to: environments, components, data assets. Equal content, one version."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..client import Azure
from ..operations import Operation, Say, recorded
from ..problems import translated
from ..tags import PROJECT
from . import assets, values

FOLDERS = ("environments", "components", "data")  # components refer to environments


@dataclass(frozen=True)
class Asset:
    """A versioned asset of azureml/ as one environment gets it."""

    kind: str  # the folder's name, and that of the client's operations
    name: str
    version: str
    path: Path  # of its file, to which relative paths in it refer
    document: assets.Document

    @property
    def label(self) -> str:
        """The asset in messages."""
        return f"{self.kind.removesuffix('s')} {self.name}:{self.version}"


def sync(azure: Azure, *, say: Say, dry_run: bool = False) -> list[Asset]:
    """Register every asset of azureml/ whose version the workspace does not have; return those.

    A version is a digest of content, so what has it is the same and stays untouched.

    Raises:
        AzureProblemError, AzureFailedError: Azure refused or failed.
        UserError: a file of azureml/ cannot be filled in.
    """
    missing = []
    with recorded(azure, "sync", azure.config.names.workspace, say=say, dry_run=dry_run) as operation:
        for asset in expected(azure):
            if not exists(azure, asset):
                missing.append(asset)
                _register(azure, operation, asset)
        if not missing:
            say(f"{azure.config.names.workspace}: every version is registered already")
    return missing


def expected(azure: Azure) -> Iterator[Asset]:
    """Yield the assets of azureml/, each after those that it refers to."""
    documents = assets.fill_all(azure.project, azure.config)
    for folder in FOLDERS:
        for name, document in documents.items():
            if name.split("/")[1] == folder and not values.unwanted(azure.config, name):
                path = azure.project.root / name
                yield Asset(folder, str(document["name"]), str(document["version"]), path, document)


def exists(azure: Azure, asset: Asset) -> bool:
    """Return whether the workspace has this version; azure-ai-ml would load all of it, which takes it much longer."""
    from azure.core.exceptions import ResourceNotFoundError

    with translated(azure, asset.label):
        try:
            azure.call("GET", f"{azure.workspace_id}/{asset.kind}/{asset.name}/versions/{asset.version}")
        except ResourceNotFoundError:
            return False
    return True


def entity(asset: Asset, tags: dict[str, str]) -> Any:
    """Return an asset as an object of azure-ai-ml, with tags added to its own."""
    from azure.ai.ml.entities import Component, Data, Environment

    loaders: dict[str, Callable[..., Any]] = {
        "environments": Environment._load,
        "components": Component._load,
        "data": Data._load,
    }
    loaded = loaders[asset.kind](data=asset.document, yaml_path=asset.path)
    loaded.tags = {**(loaded.tags or {}), **tags}
    return loaded


def _register(azure: Azure, operation: Operation, asset: Asset) -> None:
    if operation.applies(asset.label, None, "registered"):
        with translated(azure, asset.label):
            created = entity(asset, {PROJECT: str(azure.config.tags.get("project", ""))})
            getattr(azure.ml, asset.kind).create_or_update(created)
