"""What only Azure knows of a resource once it stands, by stand-ins; what is not listed is an error, such as a typo."""

from __future__ import annotations

from typing import Any

from tests.infra.resource import callback_url, stand_in

# Properties that Azure makes up: by type, the paths.
_MADE_UP = {
    "Microsoft.ManagedIdentity/userAssignedIdentities": (
        "properties.principalId",
        "properties.clientId",
        "properties.tenantId",
    ),
    "Microsoft.OperationalInsights/workspaces": ("properties.customerId",),
    "Microsoft.Insights/components": (
        "properties.ConnectionString",
        "properties.InstrumentationKey",
        "properties.AppId",
    ),
    "Microsoft.MachineLearningServices/workspaces": ("properties.workspaceId", "properties.notebookInfo.fqdn"),
}
# Addresses that follow from the name.
_ADDRESSES = {
    "Microsoft.KeyVault/vaults": {"properties.vaultUri": "https://{}.vault.azure.net/"},
    "Microsoft.ContainerRegistry/registries": {"properties.loginServer": "{}.azurecr.io"},
    "Microsoft.Storage/storageAccounts": {
        f"properties.primaryEndpoints.{service}": f"https://{{}}.{service}.core.windows.net/"
        for service in ("blob", "dfs", "file", "queue", "table", "web")
    },
}
# Names of functions that return secrets.
LISTS = ("listCallbackUrl", "listKeys", "listAccountSas", "listSecrets", "listCredentials")
_REGISTRY = "Microsoft.MachineLearningServices/registries"
_REGISTRY_GROUP = "properties.managedResourceGroup.resourceId"


def known(kind: str, name: str, resource_id: str, identity: str, path: str) -> Any:
    """The value at a path of a deployed resource; None if Azure has nothing there that is known here."""
    if path in ("identity.principalId", "identity.tenantId") and "SystemAssigned" in identity:
        return stand_in(resource_id, path.rpartition(".")[2])
    if path in _MADE_UP.get(kind, ()):
        return stand_in(resource_id, path.rpartition(".")[2])
    if kind == _REGISTRY and path == _REGISTRY_GROUP:
        return f"{resource_id.partition('/resourceGroups/')[0]}/resourceGroups/azureml-rg-{name}"
    pattern = _ADDRESSES.get(kind, {}).get(path)
    return None if pattern is None else pattern.format(name)


def inside(kind: str, path: str) -> bool:
    """Whether known values lie below a path."""
    paths = (*_MADE_UP.get(kind, ()), *_ADDRESSES.get(kind, {}), "identity.principalId")
    if kind == _REGISTRY:
        paths = (*paths, _REGISTRY_GROUP)
    return any(one.startswith(f"{path}.") for one in paths)


def listed(function: str, kind: str, resource_id: str) -> dict[str, Any] | None:
    """What a list function returns; None if it is not known for the type."""
    if function == "listCallbackUrl" and kind == "Microsoft.Logic/workflows/triggers":
        return {"value": callback_url(resource_id)}
    return None
