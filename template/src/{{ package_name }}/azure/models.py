"""Versions of models in a workspace or a registry, with their tags.

By Azure Resource Manager's own interface: the SDK's list leaves out tags, and its update leaves out fields of what it
writes back.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import UserError
from . import waiting
from .client import MACHINE_LEARNING, Azure
from .problems import AzureFailedError, translated

READS, PAUSE = 10, 2.0  # of tags after a write, and seconds between them: a registry writes slowly

_ID = re.compile(r"models/([^/]+)/versions/([^/]+)$")
COPY = "-release"  # end of the name of a registry's model that was copied into a workspace


@dataclass(frozen=True)
class Place:
    """A workspace or a registry; `name` is its name, `id` its resource ID."""

    name: str
    id: str


@dataclass(frozen=True)
class Version:
    """One version of a model where it is registered."""

    place: Place
    name: str
    version: str
    tags: Mapping[str, str]
    job: str | None  # run whose output it was registered from
    created: str  # ISO 8601
    created_by: str

    @property
    def label(self) -> str:
        """NAME:VERSION."""
        return f"{self.name}:{self.version}"

    @property
    def source(self) -> str:
        """PLACE/NAME:VERSION."""
        return f"{self.place.name}/{self.label}"

    @property
    def number(self) -> int:
        """The version as a number; 0 for another kind of name."""
        return int(self.version) if self.version.isdigit() else 0


def workspace(azure: Azure) -> Place:
    """Return the workspace of an environment."""
    return Place(azure.config.names.workspace, azure.workspace_id)


def registry(azure: Azure, name: str | None = None) -> Place:
    """Return the registry of config/common.yml, or another one, also of another subscription, by its name.

    Raises:
        AzureProblemError: there is no such registry, or it may not be read.
    """
    if name is None or name == azure.config.registry.name:
        return Place(azure.config.registry.name, azure.registry_id)
    found = home(azure, name)
    group = f"/subscriptions/{found['subscriptionId']}/resourceGroups/{found['resourceGroup']}"
    return Place(name, f"{group}/providers/{MACHINE_LEARNING}/registries/{name}")


def home(azure: Azure, name: str) -> dict[str, Any]:
    """Return what Azure says of where a registry is, by its name alone.

    Raises:
        AzureProblemError, AzureFailedError: there is no such registry, or it may not be read.
    """
    # The address that the SDK asks as well, whatever the region of the registry.
    address = f"https://eastus.api.azureml.ms/registrymanagement/v1.0/registries/{name}/discovery"
    with translated(azure, f"registry {name}"):
        found: dict[str, Any] = azure.call("GET", address, version=None).body
    return found


def of_id(text: str) -> str | None:
    """Return NAME:VERSION of the ID of a model's version, whichever kind; None for another text.

    >>> of_id("azureml://registries/shared/models/flights/versions/3")
    'flights:3'
    >>> of_id("/subscriptions/s/resourceGroups/g/providers/p/workspaces/w/models/flights-release/versions/3")
    'flights:3'
    """
    found = _ID.search(text)
    return f"{found[1].removesuffix(COPY)}:{found[2]}" if found else None


def find(azure: Azure, place: Place, name: str, version: str) -> Version | None:
    """Return a version, None if it is not registered.

    Raises:
        AzureProblemError, AzureFailedError: Azure refused or failed.
    """
    from azure.core.exceptions import ResourceNotFoundError

    with translated(azure, f"{place.name}: model {name}:{version}"):
        try:
            return _version(place, name, azure.call("GET", _address(place, name, version)).body)
        except ResourceNotFoundError as error:
            if error.error and error.error.code == "ParentResourceNotFound":
                raise
            return None


def must(azure: Azure, place: Place, name: str, version: str) -> Version:
    """Return a version.

    Raises:
        UserError: it is not registered.
    """
    found = find(azure, place, name, version)
    if found is None:
        known = [each.version for each in versions(azure, place, name)]
        has = f"it has {', '.join(known[:5])}" if known else f"it has no model {name}"
        raise UserError(f"{place.name}: model {name}:{version}: is not registered there; {has}")
    return found


def versions(azure: Azure, place: Place, name: str) -> list[Version]:
    """Return the versions of a model, the highest first; none where the model is unknown.

    Raises:
        AzureProblemError, AzureFailedError: Azure refused or failed.
    """
    from azure.core.exceptions import ResourceNotFoundError

    with translated(azure, f"{place.name}: versions of model {name}"):
        try:
            found = [_version(place, name, each) for each in azure.pages(_address(place, name))]
        except ResourceNotFoundError as error:
            if error.error and error.error.code == "ParentResourceNotFound":
                raise
            return []
    return sorted(found, key=lambda each: -each.number)


def tag(azure: Azure, found: Version, tags: Mapping[str, str]) -> None:
    """Add tags to a version and read them back; its other tags and its content stay.

    Raises:
        AzureProblemError, AzureFailedError: Azure refused or failed, or does not show the tags.
    """
    address = _address(found.place, found.name, found.version)
    with translated(azure, f"{found.place.name}: tags of model {found.label}"):
        raw = azure.call("GET", address).body
        known = raw["properties"].get("tags") or {}
        if all(known.get(key) == value for key, value in tags.items()):
            return
        properties = raw["properties"] | {"tags": {**known, **tags}}
        azure.call("PUT", address, body={"properties": properties})
        for attempt in range(READS):
            if attempt:
                waiting.pause(PAUSE)
            shown = azure.call("GET", address).body["properties"].get("tags") or {}
            if all(shown.get(key) == value for key, value in tags.items()):
                return
    raise AzureFailedError(f"{found.place.name}: model {found.label}: Azure does not show the tags written to it")


def _address(place: Place, name: str, version: str = "") -> str:
    return f"{place.id}/models/{name}/versions" + (f"/{version}" if version else "")


def _version(place: Place, name: str, body: Mapping[str, Any]) -> Version:
    properties, made = body["properties"], body.get("systemData") or {}
    return Version(
        place,
        name,
        str(body["name"]),
        {str(key): str(value) for key, value in (properties.get("tags") or {}).items()},
        properties.get("jobName"),
        str(made.get("createdAt", "")),
        str(made.get("createdBy", "")),
    )
