"""Azure Resource Manager and Microsoft Graph, as the person who is signed in."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..azure.client import MANAGEMENT
from ..azure.sign_in import credential
from ..config.environment import EnvironmentConfig
from ..errors import UserError
from ..infra import az
from .rest import RefusedError, Rest
from .steps import Identity

GRAPH = "https://graph.microsoft.com"
RESOURCES = {"api-version": "2021-04-01"}
IDENTITIES = {"api-version": "2024-11-30"}
AUTHORIZATION = {"api-version": "2022-04-01"}
MACHINE_LEARNING = {"api-version": "2025-06-01"}
STORAGE = {"api-version": "2023-05-01"}
_EARLY = 300.0  # seconds before its end in which a token is no longer used


class Azure:
    """A subscription and its directory."""

    def __init__(self) -> None:
        """Sign in as `az` does; ask nothing yet."""
        signed_in = credential()
        self.arm = Rest(MANAGEMENT, _kept(signed_in, MANAGEMENT), name="Azure")
        self.graph = Rest(f"{GRAPH}/v1.0", _kept(signed_in, GRAPH), name="Microsoft Graph")
        self._identities: dict[tuple[str, str], Identity] = {}

    @cached_property
    def subscription(self) -> str:
        """The subscription that the environments are in."""
        return os.environ.get(az.SUBSCRIPTION) or az.account().subscription

    @cached_property
    def about(self) -> dict[str, Any]:
        """Its tenant and display name.

        Raises:
            UserError: the account does not see it, as it is in another tenant, or another account was meant.
        """
        try:
            found: dict[str, Any] = self.arm.get(
                f"/subscriptions/{self.subscription}", params={"api-version": "2022-12-01"}
            )
        except RefusedError as refused:
            if refused.status in (401, 403, 404):
                raise UserError(
                    f"subscription {self.subscription} is refused: the signed-in account does not see it"
                    f" ({refused.code or refused.status}): sign in to its tenant, 'az login --tenant TENANT', and"
                    f" choose it, 'az account set --subscription {self.subscription}'"
                ) from None
            raise
        return found

    def problem(self) -> str | None:
        """Return why groups of people would be made in another directory than the one of the subscription."""
        shown = self.graph.get("/organization", params={"$select": "id"}, missing=(403,))
        tenants = [str(each["id"]) for each in (shown or {}).get("value", ())]
        mine, wanted = next(iter(tenants), None), str(self.about["tenantId"])
        if mine is None or mine.lower() == wanted.lower():
            return None
        return (
            f"Microsoft Entra ID: subscription {self.subscription} is of the tenant {wanted}, and you are signed in to"
            f" {mine}: 'az login --tenant {wanted}'"
        )

    def group_id(self, name: str, subscription: str | None = None) -> str:
        """Return the ID of a resource group."""
        return f"/subscriptions/{subscription or self.subscription}/resourceGroups/{name}"

    def identity_path(self, config: EnvironmentConfig, who: str) -> str:
        """Return the ID of an environment's identity."""
        name = getattr(config.names, f"identity_{who}")
        group = self.group_id(config.names.resource_group)
        return f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}"

    def identity(self, config: EnvironmentConfig, who: str) -> Identity | None:
        """Return an environment's identity, None if it does not exist."""
        key = (config.environment.name, who)
        if key not in self._identities:
            found = self.arm.get(self.identity_path(config, who), params=IDENTITIES, missing=(404,))
            if found is None:
                return None
            given = found["properties"]
            self._identities[key] = Identity(
                *(*key, found["name"], given["clientId"], given["principalId"], given["tenantId"]),
                self.subscription,
                self.about["displayName"],
            )
        return self._identities[key]

    def forget(self, config: EnvironmentConfig, who: str) -> None:
        """Ask again for an identity, the next time."""
        self._identities.pop((config.environment.name, who), None)

    def contents(self, group: str) -> Iterator[str]:
        """Yield the IDs of what a resource group holds."""
        for found in self.arm.pages(f"{group}/resources", params=RESOURCES, missing=(404,)):
            yield str(found["id"])


@dataclass
class _Token:
    value: str = ""
    until: float = 0.0


def _kept(signed_in: Any, audience: str) -> Callable[[], str]:
    """Return a function that gives a token, the same one until it is about to end: `az` takes a second for each."""
    kept = _Token()

    def give() -> str:
        if time.time() > kept.until - _EARLY:
            given = signed_in.get_token(f"{audience}/.default")
            kept.value, kept.until = given.token, float(given.expires_on)
        return kept.value

    return give
