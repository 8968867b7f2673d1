"""An Azure resource as a flavour of the infrastructure would have it made, in the shape of Azure's own requests."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
TENANT = "00000000-0000-0000-0000-000000000000"

_GROUPS = "Microsoft.Resources/resourceGroups"


@dataclass(frozen=True)
class Resource:
    """One resource; two flavours mean the same by it if kind, name, scope and body are equal."""

    kind: str
    """ARM type in its canonical case, such as Microsoft.Storage/storageAccounts/blobServices."""
    name: str
    """Its own name, without those of its parents."""
    id: str
    body: Mapping[str, Any]
    """The request: properties, identity, sku, location, tags; nothing in it is unknown."""
    address: str
    """Where the flavour describes it, for messages."""
    api_version: str | None = None
    """Of the request, where the flavour says it; azurerm has its own."""
    scope: str | None = None
    """Of an extension resource: the ID of what it stands on."""


def group_id(name: str) -> str:
    return f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{name}"


def arm_id(kind: str, name: str, group: str | None, *, parent: str | None = None) -> str:
    """The ID of a resource: in a group, below a parent of the type before its last part, or on one as an extension."""
    if kind.lower() == _GROUPS.lower():
        return group_id(name)
    scope = parent or (group_id(group) if group else f"/subscriptions/{SUBSCRIPTION}")
    if kind.rpartition("/")[0].lower() == kind_of(scope).lower():
        return f"{scope}/{kind.rsplit('/', 1)[1]}/{name}"
    provider, *types = kind.split("/")
    names = name.split("/")
    if len(types) != len(names):
        raise ValueError(f"{kind} takes {len(types)} names, not '{name}'")
    pairs = (f"{part}/{own}" for part, own in zip(types, names, strict=True))
    return f"{scope}/providers/{provider}/{'/'.join(pairs)}"


def stand_in(resource_id: str, attribute: str) -> str:
    """What Azure would make up for a resource, such as its principalId: always the same for the same resource."""
    if attribute == "tenantId":
        return TENANT
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{resource_id.lower()}#{attribute}"))


def behind_registry(registry_id: str, part: str) -> str:
    """The ID of what Azure makes behind an Azure ML registry: its storage account or its container registry."""
    name = registry_id.rsplit("/", 1)[1]
    kinds = {
        "storageAccountDetails": "Microsoft.Storage/storageAccounts",
        "acrDetails": "Microsoft.ContainerRegistry/registries",
    }
    return arm_id(kinds[part], f"behind{name}", f"azureml-rg-{name}")


def kind_of(resource_id: str) -> str:
    """The ARM type of the resource that an ID names."""
    before, found, path = resource_id.rpartition("/providers/")
    if not found:
        return _GROUPS if "/resourceGroups/" in before + path else "Microsoft.Resources/subscriptions"
    provider, *rest = path.split("/")
    return "/".join([provider, *rest[::2]])
