"""What an environment still has though it is described no longer: Bicep only adds, so somebody has to be told."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ..config.environment import EnvironmentConfig
from . import az
from .whatif import Resource

_ROLES, _RULES = "2022-04-01", "2025-06-01"


def tagged(resources: Iterable[Resource], config: EnvironmentConfig) -> Iterator[Resource]:
    """Those that carry all tags of the environment; without tags nothing tells whose a resource is."""
    for each in resources:
        if config.tags and all(each.tags.get(name) == value for name, value in config.tags.items()):
            yield each


def resources(others: Sequence[Resource], config: EnvironmentConfig, *, as_ci: bool) -> Iterator[Resource]:
    """Of what is in the group and not described, the environment's; endpoints and what watches them come later."""
    names = config.names
    endpoints = [f"-{name}" for name in (names.online_endpoint, names.kubernetes_endpoint) if name]
    for each in tagged(others, config):
        kind = each.kind.lower()
        watches = kind.startswith("microsoft.insights/") and any(name in each.name for name in endpoints)
        of_workspace = kind.startswith("microsoft.machinelearningservices/workspaces/")
        of_people = as_ci and each.name.lower() == f"pe-{names.workspace}-ml-registry".lower()
        if not watches and not of_workspace and not of_people:
            yield each


def roles(described: Sequence[Resource], group_id: str, table: Path, but: str | None) -> Iterator[Resource]:
    """Roles in the group with a reason of `table`, infra/roles.bicep, whose holder is no longer the one described.

    `but` is the object ID of a holder that is not looked at.
    """
    known, reasons = {each.id.lower() for each in described}, table.read_text("utf-8")
    for found in az.get(f"{group_id}/providers/Microsoft.Authorization/roleAssignments", _ROLES)["value"]:
        properties = found["properties"]
        inside = found["id"].lower().startswith(f"{group_id}/".lower())  # Azure tells of those above the group as well
        why = str(properties.get("description") or "").replace("'", "\\'")
        ours = bool(why) and f"'{why}'" in reasons and properties["principalId"] != but
        if inside and ours and found["id"].lower() not in known:
            yield Resource(found["id"], _ROLES)


def rules(described: Sequence[Resource], workspace_id: str) -> Iterator[Resource]:
    """What computes may still reach: the workspace's outbound rules that are not described."""
    known = {each.id.lower() for each in described}
    if workspace_id.lower() not in known:
        return
    for found in az.get(f"{workspace_id}/outboundRules", _RULES)["value"]:
        if found["properties"].get("category") == "UserDefined" and found["id"].lower() not in known:
            yield Resource(found["id"], _RULES)
