"""Rights in Azure that the run needs: asked for before anything is written."""

from collections.abc import Iterator, Mapping

from ..config.environment import EnvironmentConfig
from ..infra.doctor import allowed
from .azure import AUTHORIZATION, RESOURCES, Azure
from .providers import Providers
from .resources import Ground

_MAKE_GROUP = "Microsoft.Resources/subscriptions/resourceGroups/write"
_GIVE_ROLES = "Microsoft.Authorization/roleAssignments/write"
_BUILD = (
    "Microsoft.ManagedIdentity/userAssignedIdentities/write",
    "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write",
    "Microsoft.MachineLearningServices/workspaces/write",
)
_OWNER = "the role Owner, or Contributor with Role Based Access Control Administrator,"


def problems(
    azure: Azure, ground: Ground, configs: Mapping[str, EnvironmentConfig], providers: Providers
) -> Iterator[str]:
    """Yield what the signed-in person may not do, with scope and role, and what the first apply would miss."""
    for config in configs.values():
        network = config.network
        if network.closed and not (network.subnet_id or network.address_space):
            yield (
                f"{config.where('network.subnet_id')} is missing: mode {network.mode!r} needs it, or"
                " network.address_space, for the private endpoints"
            )
    if missing_providers := providers.missing():
        scope = f"/subscriptions/{azure.subscription}"
        path = f"{scope}/providers/Microsoft.Authorization/permissions"
        held = list(azure.arm.pages(path, params=AUTHORIZATION, missing=(403,)))
        if not all(allowed(f"{name}/register/action", held) for name in missing_providers):
            yield (
                f"Azure: you need the role Contributor on {scope} to register the resource providers"
                f" {', '.join(missing_providers)}; or have them registered: 'az provider register --namespace NAME'"
            )
    assigns = any(config.environment.assign_roles for config in configs.values())
    lacking: dict[str, set[str]] = {}
    for group in ground.groups():
        exists = azure.arm.get(group, params=RESOURCES, missing=(404,)) is not None
        scope = group if exists else group.partition("/resourceGroups/")[0]
        needed = [*_BUILD, *([_GIVE_ROLES] if assigns else []), *([] if exists else [_MAKE_GROUP])]
        path = f"{scope}/providers/Microsoft.Authorization/permissions"
        held = list(azure.arm.pages(path, params=AUTHORIZATION, missing=(403,)))
        missing = {action for action in needed if not allowed(action, held)}
        if missing:
            lacking.setdefault(scope, set()).update(missing)
    for scope, actions in lacking.items():
        role = _OWNER if _GIVE_ROLES in actions else "the role Contributor"
        yield f"Azure: you need {role} on {scope}; missing: {', '.join(sorted(actions))}"
