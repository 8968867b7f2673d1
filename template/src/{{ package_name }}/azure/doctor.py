"""What `mlops infra doctor` looks at: everything in Azure that would stop an environment from being built."""

import fnmatch
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from ..environments import EnvironmentConfig
from ..errors import StepFailedError, UserError
from ..project import Project
from . import az, infrastructure

PROVIDERS = (
    "Consumption",
    "ContainerRegistry",
    "Insights",
    "KeyVault",
    "MachineLearningServices",
    "ManagedIdentity",
    "Network",
    "OperationalInsights",
    "Storage",
)
_MAKE_GROUP = "Microsoft.Resources/subscriptions/resourceGroups/write"
_GIVE_ROLES = "Microsoft.Authorization/roleAssignments/write"
_BUILD = "Microsoft.MachineLearningServices/workspaces/write"
_PERMISSIONS = "2022-04-01"
_MACHINE_LEARNING = "2025-06-01"

Check = tuple[str, str | None]


def all_checks(project: Project, config: EnvironmentConfig) -> Iterator[Check]:
    """Each check's name and what to do about it, None if all is well; without a sign-in the rest is left out."""
    yield "the infrastructure tool is there", infrastructure.tool_problem(project)
    try:
        account = az.account()
    except UserError as error:
        yield "signed in to Azure", str(error)
        return
    yield f"signed in to Azure: {account.user}, subscription {account.name} ({account.subscription})", None
    checks = Checks(config, account.subscription)
    yield from checks.each()


class Checks:
    """The checks that need a subscription; `--subscription` is on every call, so that `az` cannot ask another one."""

    def __init__(self, config: EnvironmentConfig, subscription: str) -> None:
        self.config = config
        self.file = f"config/{config.environment}.yml"
        self.group = config.names.resource_group
        self.scope = f"/subscriptions/{subscription}"
        self.subscription = ("--subscription", subscription)

    def each(self) -> Iterator[Check]:
        yield "resource providers are registered", _problem(self.providers)
        yield f"resource group {self.group} is there or may be made", _problem(self.resource_group)
        yield "the signed-in identity may build", _problem(self.rights)
        names = self.config.names
        for key, ask in (
            ("storage_account", ("storage", "account")),
            ("data_lake", ("storage", "account")),
            ("key_vault", ("keyvault",)),
            ("container_registry", ("acr",)),
        ):
            name = getattr(names, key)
            yield f"names.{key}: {name} is free or ours", _problem(partial(self.name, key, name, ask))
        yield f"no deleted key vault keeps the name {names.key_vault}", _problem(self.deleted_vault)
        sizes = dict(vm_sizes(self.config.model_dump()))
        if sizes:
            yield f"quota for {', '.join(sizes)}", _problem(partial(self.quota, sizes))

    def providers(self) -> str | None:
        query = "[?registrationState=='Registered'].namespace"
        registered = {str(name).lower() for name in az.ask("provider", "list", "--query", query, *self.subscription)}
        missing = [f"Microsoft.{name}" for name in PROVIDERS if f"microsoft.{name}".lower() not in registered]
        if not missing:
            return None
        return "\n".join(
            ["run, once for the subscription:", *(f"  az provider register --namespace {m}" for m in missing)]
        )

    def group_exists(self) -> bool:
        return bool(az.ask("group", "exists", "--name", self.group, *self.subscription))

    def resource_group(self) -> str | None:
        if self.config.create_resource_group or self.group_exists():
            return None
        return f"it does not exist: have it made, or set create_resource_group: true in {self.file}"

    def rights(self) -> str | None:
        """Asked of Azure itself: the roles of groups, inherited ones and custom ones count as well."""
        exists = self.group_exists()
        scope = f"{self.scope}/resourceGroups/{self.group}" if exists else self.scope
        where = f"resource group {self.group}" if exists else "the subscription"
        needed = [*[_MAKE_GROUP] * (not exists), _BUILD, *[_GIVE_ROLES] * self.config.assign_roles]
        permissions = az.get(f"{scope}/providers/Microsoft.Authorization/permissions", _PERMISSIONS)["value"]
        missing = [action for action in needed if not _allowed(action, permissions)]
        if not missing:
            return None
        roles = ["Contributor"] if missing != [_GIVE_ROLES] else []
        roles += ["Role Based Access Control Administrator"] if _GIVE_ROLES in missing else []
        return f"not allowed on {where}: {', '.join(missing)}. Ask for the role {' and '.join(roles)} there"

    def name(self, key: str, name: str, ask: tuple[str, ...]) -> str | None:
        found = az.ask(*ask, "check-name", "--name", name, *self.subscription)
        if found["nameAvailable"] or self._ours(name):
            return None
        if key == "key_vault" and self._deleted_vaults(name):
            return None  # the next check says what to do
        return f"{found.get('message') or 'it is taken'} Choose another name in {self.file}"

    def deleted_vault(self) -> str | None:
        name = self.config.names.key_vault
        for vault in self._deleted_vaults(name):
            home = str(vault["properties"]["vaultId"]).lower()
            ours = home.startswith(f"{self.scope}/resourceGroups/{self.group}/".lower())
            if ours and infrastructure.RECOVERS_KEY_VAULT:
                continue
            until = vault["properties"].get("scheduledPurgeDate", "its purge")
            advice = f"run 'az keyvault recover --name {name}', or choose" if ours else "choose"
            return f"it is kept until {until}: {advice} another name in {self.file}"
        return None

    def quota(self, sizes: Mapping[str, int]) -> str | None:
        """Azure ML counts cores by family of sizes, apart from those of virtual machines."""
        place = f"{self.scope}/providers/Microsoft.MachineLearningServices/locations/{self.config.location}"
        known = {size["name"].lower(): size for size in az.get(f"{place}/vmSizes", _MACHINE_LEARNING)["value"]}
        usages = az.get(f"{place}/usages", _MACHINE_LEARNING)["value"]
        left = {usage["name"]["value"].lower(): usage["limit"] - usage["currentValue"] for usage in usages}
        problems = []
        for name, nodes in sizes.items():
            size = known.get(name.lower())
            if size is None:
                problems.append(f"{self.file}: {name} is not offered in {self.config.location}: choose another size")
                continue
            cores, free = nodes * size["vCPUs"], left.get(size["family"].lower(), 0)
            if free < cores:
                problems.append(
                    f"{name}: {nodes} nodes need {cores} cores of {size['family']}, {free} are left in"
                    f" {self.config.location}: ask for more in Azure ML studio (Quota),"
                    f" or choose another size in {self.file}"
                )
        return "\n".join(problems) or None

    def _ours(self, name: str) -> bool:
        if not self.group_exists():
            return False
        query = ("--resource-group", self.group, "--query", "[].name")
        return name.lower() in {str(found).lower() for found in az.ask("resource", "list", *query, *self.subscription)}

    def _deleted_vaults(self, name: str) -> list[Mapping[str, Any]]:
        deleted = az.ask("keyvault", "list-deleted", "--resource-type", "vault", *self.subscription)
        return [vault for vault in deleted if vault["name"].lower() == name.lower()]


def vm_sizes(content: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """Every VM size in a configuration and how many nodes of it there may be: the `max...` beside it, else 1."""
    for value in content.values():
        if isinstance(value, Mapping):
            yield from vm_sizes(value)
        elif isinstance(value, str) and re.fullmatch(r"Standard_[A-Z]+\d\w*", value):
            most = [n for key, n in content.items() if key.startswith("max") and isinstance(n, int)]
            yield value, max(most, default=1)


def _allowed(action: str, permissions: list[Mapping[str, list[str]]]) -> bool:
    def among(patterns: list[str]) -> bool:
        return any(fnmatch.fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)

    return any(among(each["actions"]) and not among(each["notActions"]) for each in permissions)


def _problem(check: Callable[[], str | None]) -> str | None:
    """A question that Azure does not answer is a problem of that check: the others go on."""
    try:
        return check()
    except StepFailedError as error:
        return str(error)
