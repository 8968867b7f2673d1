"""Endpoints and deployments of a subscription in one region, beside what Azure ML allows.

Limits from Microsoft's page "Manage and increase quotas and limits for resources with Azure Machine Learning" (in
MicrosoftDocs/azure-ai-docs, how-to-manage-quotas.md at 0c509fa), read in November 2026. Both can be raised; deployments
that were made before keep the old limits.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from .. import serving
from ..client import MACHINE_LEARNING, Azure
from ..problems import translated
from ..together import together

ENDPOINTS, DEPLOYMENTS = 100, 500  # in a region of a subscription
NEEDED = 1  # deployments that a rollout makes beside those that serve, for each endpoint


@dataclass(frozen=True)
class Used:
    """How much of a limit is used, and what this environment will add to it."""

    what: str
    count: int
    more: int
    limit: int

    @property
    def exceeded(self) -> bool:
        """Whether the limit would be exceeded."""
        return self.count + self.more > self.limit

    @property
    def words(self) -> str:
        """The figures."""
        advice = "; ask for more in the portal, or remove unused ones" if self.exceeded else ""
        return f"{self.count} of {self.limit}, {self.more} more to come{advice}"


def used(azure: Azure) -> list[Used]:
    """Return how much of the region's limits is used, as far as this process may read.

    Raises:
        AzureProblemError, AzureFailedError: Azure refused or failed.
    """
    where = azure.config.environment.location
    with translated(azure, "endpoints of the subscription"):
        provider = f"/subscriptions/{azure.subscription}/providers/{MACHINE_LEARNING}/workspaces"
        workspaces = [each["id"] for each in azure.pages(provider) if each.get("location") == where]
        collections = [f"{each}/{kind}" for each in workspaces for kind in ("onlineEndpoints", "batchEndpoints")]
        listed: Mapping[str, list[Any]] = together({each: partial(_listed, azure, each) for each in collections})
        endpoints = [body["id"] for found in listed.values() for body in found]
        deployments = together({each: partial(_listed, azure, f"{each}/deployments") for each in endpoints})
    wanted = serving.kinds(azure)
    there = {each.rpartition("/")[2] for each in endpoints}
    new = sum(name not in there for name in wanted.values())
    made = sum(len(each) for each in deployments.values())
    return [
        Used(f"endpoints in {where}", len(endpoints), new, ENDPOINTS),
        Used(f"deployments in {where}", made, NEEDED * len(wanted), DEPLOYMENTS),
    ]


def _listed(azure: Azure, address: str) -> list[Any]:
    return list(azure.pages(address))
