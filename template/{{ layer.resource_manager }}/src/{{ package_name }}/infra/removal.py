"""Remove the resources of a deployment one by one: a deployment itself only adds."""

from collections.abc import Callable, Iterable, Sequence

from ..errors import StepFailedError
from . import az
from .deployment import plain
from .whatif import Resource

_RESOURCES = "2021-04-01"

# A resource is deleted after those that need it; types in lower case.
_FIRST, _OTHERS = 0, 5
_RANKS = {
    "microsoft.authorization/roleassignments": _FIRST,
    "microsoft.consumption/budgets": _FIRST,
    "microsoft.insights/activitylogalerts": _FIRST,
    "microsoft.insights/autoscalesettings": _FIRST,
    "microsoft.insights/diagnosticsettings": _FIRST,
    "microsoft.insights/metricalerts": _FIRST,
    "microsoft.insights/scheduledqueryrules": _FIRST,
    "microsoft.machinelearningservices/workspaces/computes": 1,
    "microsoft.network/privateendpoints": 3,
    "microsoft.network/privatednszones/virtualnetworklinks": 4,
    "microsoft.machinelearningservices/workspaces": 4,
    "microsoft.network/privatednszones": 6,
    "microsoft.network/virtualnetworks": 7,
    "microsoft.network/networksecuritygroups": 8,
    "microsoft.managedidentity/userassignedidentities": 9,
}
_LINK = "microsoft.network/privatednszones/virtualnetworklinks"


def in_order(resources: Iterable[Resource]) -> tuple[Resource, ...]:
    """Return the resources to delete by themselves, in an order that Azure accepts; the rest goes with its parents."""
    found = {resource.id.lower(): resource for resource in resources}
    alone = [
        resource
        for key, resource in found.items()
        # Azure keeps a zone while it has links.
        if resource.kind.lower() == _LINK or not any(key.startswith(f"{owner}/") for owner in found)
    ]
    return tuple(sorted(alone, key=lambda resource: _RANKS.get(resource.kind.lower(), _OTHERS)))


def remove(resources: Sequence[Resource], subscription: str, show: Callable[[str], None]) -> None:
    """Delete them in this order; try refused ones again after the others, as long as that helps.

    Raises:
        StepFailedError: some are left; the message holds Azure's reasons.
    """
    left = list(resources)
    while left:
        refused = {}
        for resource in left:
            version = ("--api-version", resource.version) if resource.version else ()
            ended = az.call("resource", "delete", "--ids", resource.id, *version, "--subscription", subscription)
            if ended.code and "NotFound" not in ended.err:
                refused[resource] = plain(ended)
            else:
                show(f"deleted  {resource.kind} {resource.name}")
        if len(refused) == len(left):
            raise StepFailedError("\n".join(f"{each.kind} {each.name} is left: {why}" for each, why in refused.items()))
        left = list(refused)


def contents(group_id: str) -> tuple[Resource, ...]:
    """Return the resources of a group without their children; rights on the group are enough to ask."""
    page = az.get(f"{group_id}/resources", _RESOURCES)
    listed = list(page["value"])
    while page.get("nextLink"):
        page = az.ask("rest", "--method", "get", "--url", page["nextLink"])
        listed += page["value"]
    return tuple(Resource(found["id"], tags=found.get("tags") or {}) for found in listed)
