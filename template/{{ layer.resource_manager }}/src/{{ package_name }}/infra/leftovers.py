"""Resources that an environment has but infra/ no longer describes: a deployment only adds, so a plan lists them."""

from collections.abc import Collection, Iterable, Iterator, Sequence

from ..config.environment import EnvironmentConfig
from . import az
from .whatif import Resource

_ROLES, _RULES = "2022-04-01", "2025-06-01"


def tagged(resources: Iterable[Resource], config: EnvironmentConfig) -> Iterator[Resource]:
    """Yield those with all tags of the environment; without tags no resource can be attributed."""
    for each in resources:
        if config.tags and all(each.tags.get(name) == value for name, value in config.tags.items()):
            yield each


def resources(others: Sequence[Resource], config: EnvironmentConfig) -> Iterator[Resource]:
    """Yield the environment's own among the group's others, without parts of the workspace and of endpoints."""
    endpoints = [f"-{name}" for key, name in config.names if key.endswith("_endpoint") and name]
    for each in tagged(others, config):
        kind = each.kind.lower()
        in_workspace = kind.startswith("microsoft.machinelearningservices/workspaces/")
        watches = kind.startswith("microsoft.insights/") and any(name in each.name for name in endpoints)
        if not in_workspace and not watches:
            yield each


def roles(
    described: Sequence[Resource], group_id: str, reasons: Collection[str], but: Collection[str]
) -> Iterator[Resource]:
    """Yield roles in the group, given for one of the table's `reasons`, whose holder is no longer described.

    `but` are IDs of roles to skip.
    """
    known = {each.id.lower() for each in described}
    for found in az.get(f"{group_id}/providers/Microsoft.Authorization/roleAssignments", _ROLES)["value"]:
        properties = found["properties"]
        inside = found["id"].lower().startswith(f"{group_id}/".lower())  # Azure also lists those above the group
        own = properties.get("description") in reasons
        skipped = str(properties.get("roleDefinitionId")).rpartition("/")[2] in but
        if inside and own and not skipped and found["id"].lower() not in known:
            yield Resource(found["id"], _ROLES)


def rules(described: Sequence[Resource], workspace_id: str) -> Iterator[Resource]:
    """Yield the workspace's outbound rules that are not described: computes may still reach their targets."""
    known = {each.id.lower() for each in described}
    if workspace_id.lower() not in known:
        return
    for found in az.get(f"{workspace_id}/outboundRules", _RULES)["value"]:
        if found["properties"].get("category") == "UserDefined" and found["id"].lower() not in known:
            yield Resource(found["id"], _RULES)
