"""Taking away what a deployment made: Bicep only adds, so what has to go is deleted one by one, or with its group."""

from collections.abc import Callable, Iterable, Sequence

from ..errors import StepFailedError
from . import az
from .deployment import plain
from .whatif import Resource

_RESOURCES = "2021-04-01"

# What others stand on goes after them; lower case.
_FIRST, _OTHERS = 0, 5
_RANKS = {
    "microsoft.authorization/roleassignments": _FIRST,
    "microsoft.consumption/budgets": _FIRST,
    "microsoft.eventgrid/systemtopics": _FIRST,
    "microsoft.insights/autoscalesettings": _FIRST,
    "microsoft.insights/diagnosticsettings": _FIRST,
    "microsoft.insights/metricalerts": _FIRST,
    "microsoft.machinelearningservices/workspaces/computes": 1,
    "microsoft.kubernetesconfiguration/extensions": 2,
    "microsoft.logic/workflows": 3,
    "microsoft.network/privateendpoints": 3,
    "microsoft.network/privatednszones/virtualnetworklinks": 4,
    "microsoft.machinelearningservices/workspaces": 4,
    "microsoft.network/privatednszones": 6,
    "microsoft.network/virtualnetworks": 7,
    "microsoft.network/networksecuritygroups": 8,
    "microsoft.managedidentity/userassignedidentities": 9,
}
_COMPUTE = "microsoft.machinelearningservices/workspaces/computes"
_EXTENSION = "microsoft.kubernetesconfiguration/extensions"
_LINK = "microsoft.network/privatednszones/virtualnetworklinks"


def in_order(resources: Iterable[Resource], with_group: str | None = None) -> tuple[Resource, ...]:
    """What to delete by itself, in an order in which Azure lets it go; the rest goes with what it belongs to.

    `with_group` is the ID of a resource group that is deleted afterwards with all that it holds.
    """
    found = {resource.id.lower(): resource for resource in resources}
    kinds = {resource.kind.lower() for resource in found.values()}
    # A zone does not go while it has links, nor a cluster's extension while a workspace computes through it.
    apart = [] if with_group else [_LINK]
    apart += [_COMPUTE] if _EXTENSION in kinds else []
    owners = [*found, *([with_group.lower()] if with_group else [])]
    alone = [
        resource
        for key, resource in found.items()
        if key != (with_group or "").lower()
        and (resource.kind.lower() in apart or not any(key.startswith(f"{owner}/") for owner in owners))
    ]
    return tuple(sorted(alone, key=lambda resource: _RANKS.get(resource.kind.lower(), _OTHERS)))


def remove(resources: Sequence[Resource], subscription: str, show: Callable[[str], None]) -> None:
    """Delete them in this order; what is refused is tried again after the others, while that helps.

    Raises:
        StepFailedError: some are left; the message says why in Azure's words.
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


def remove_group(group: str, subscription: str, show: Callable[[str], None]) -> None:
    """Delete a resource group with all that it holds, and wait for its end; errors as in `remove`."""
    show(f"deleting resource group {group}: this takes some minutes")
    ended = az.call("group", "delete", "--name", group, "--yes", "--subscription", subscription)
    if ended.code:
        raise StepFailedError(f"resource group {group} is left: {plain(ended)}")
    show(f"deleted  resource group {group}")


def held(group_id: str) -> tuple[Resource, ...]:
    """What a resource group holds, children of others left out; rights on the group are enough to ask."""
    page = az.get(f"{group_id}/resources", _RESOURCES)
    listed = list(page["value"])
    while page.get("nextLink"):
        page = az.ask("rest", "--method", "get", "--url", page["nextLink"])
        listed += page["value"]
    return tuple(Resource(found["id"], tags=found.get("tags") or {}) for found in listed)
