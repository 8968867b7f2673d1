"""Where a deployment happens, and what Azure would answer about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.infra.resource import SUBSCRIPTION, TENANT

# What Azure calls its own places, in the cloud that nearly everybody uses.
ENVIRONMENT: dict[str, Any] = {
    "name": "AzureCloud",
    "resourceManager": "https://management.azure.com/",
    "authentication": {"loginEndpoint": "https://login.microsoftonline.com/", "tenant": "common"},
    "suffixes": {
        "acrLoginServer": ".azurecr.io",
        "keyvaultDns": ".vault.azure.net",
        "sqlServerHostname": ".database.windows.net",
        "storage": "core.windows.net",
    },
}


@dataclass(frozen=True)
class Scope:
    """A resource group, or with no group a subscription, or without that the tenant."""

    subscription: str | None = SUBSCRIPTION
    group: str | None = None
    location: str = ""

    @property
    def kind(self) -> str:
        """The word for it in `targetScope`."""
        if self.group is not None:
            return "resourceGroup"
        return "tenant" if self.subscription is None else "subscription"

    @property
    def id(self) -> str:
        """Its resource ID; the tenant has none."""
        if self.subscription is None:
            return ""
        group = "" if self.group is None else f"/resourceGroups/{self.group}"
        return f"/subscriptions/{self.subscription}{group}"

    def attributes(self) -> dict[str, Any]:
        """What the functions resourceGroup(), subscription() and tenant() hold."""
        if self.group is not None:
            return {
                "id": self.id,
                "name": self.group,
                "type": "Microsoft.Resources/resourceGroups",
                "location": self.location,
                "tags": {},
            }
        if self.subscription is None:
            return {"tenantId": TENANT, "displayName": "Example"}
        return {
            "id": self.id,
            "subscriptionId": self.subscription,
            "tenantId": TENANT,
            "displayName": "Example",
        }

    def resource_id(self, kind: str, *names: str) -> str:
        """The ID of a resource that stands here by itself."""
        if kind.lower() == "microsoft.resources/resourcegroups":
            # Azure knows no provider in their IDs.
            return f"{self.id}/resourceGroups/{names[0]}"
        provider, *types = kind.split("/")
        if len(types) != len(names):
            raise ValueError(f"{kind} takes {len(types)} names, not {len(names)}")
        path = "".join(f"/{part}/{name}" for part, name in zip(types, names, strict=True))
        return f"{self.id}/providers/{provider}{path}"
