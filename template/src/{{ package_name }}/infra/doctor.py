"""What `mlops infra doctor` looks at: everything in Azure that would stop an environment from being built."""

import fnmatch
import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import yaml

from ..config.environment import EnvironmentConfig
from ..errors import StepFailedError, UserError
from ..paths import Project
from . import az, engine

# Those of every environment; `providers` adds what only some need.
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
    yield "the infrastructure tool is there", engine.tool_problem(project)
    try:
        account = az.account()
    except UserError as error:
        yield "signed in to Azure", str(error)
        return
    yield f"signed in to Azure: {account.user}, subscription {account.name} ({account.subscription})", None
    yield "what comes before infra/ is there", _problem(partial(_unprepared, project, config))
    yield from Checks(config, account.subscription, machines(project, config)).each()


@dataclass(frozen=True)
class Machines:
    """Machines of one size that Azure ML may start for one purpose."""

    purpose: str
    size: str
    most: int


def machines(project: Project, config: EnvironmentConfig) -> tuple[Machines, ...]:
    """All that the environment may start at once, as its configuration and the deployments say."""
    clusters = [cluster for cluster in (config.cpu_cluster, config.gpu_cluster) if cluster]
    found = [Machines(f"cluster {cluster.name}", cluster.vm_size, cluster.max_nodes) for cluster in clusters]
    if config.online:
        for path in sorted((project.root / "azureml" / "endpoints" / "online").glob("deployment*.yml")):
            deployment = yaml.safe_load(path.read_text(encoding="utf-8"))
            # Azure keeps a fifth more at hand, to update the machines of an endpoint one after the other.
            most = math.ceil(1.2 * config.online.min_instances)
            if "instance_type" in deployment:  # `mlops check` asks for it
                found.append(Machines(f"deployment {deployment['name']}", deployment["instance_type"], most))
    return tuple(found)


def needed_providers(config: EnvironmentConfig) -> tuple[str, ...]:
    """Namespaces, without `Microsoft.`, of all that infra/ builds for this configuration."""
    # In a closed network no token of GitHub can be read, so no event leaves, unless there is a key vault for it.
    has_token = config.network.mode == "public" or config.events.token_vault_id is not None
    events = ["EventGrid", "Logic"] if config.ci.system == "azure_devops" or has_token else []
    kubernetes = ["KubernetesConfiguration"] if config.kubernetes and config.kubernetes.cluster_id else []
    return (*PROVIDERS, *events, *kubernetes)


class Checks:
    """The checks that need a subscription; `--subscription` is on every call, so that `az` cannot ask another one."""

    def __init__(self, config: EnvironmentConfig, subscription: str, machines: Sequence[Machines]) -> None:
        self.config = config
        self.machines = machines
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
        yield f"registry {self.config.registry.name} is built", _problem(self.registry)
        network = self.config.network
        if network.mode != "public":
            yield "the network for private endpoints is there", _problem(self.network)
        if self.config.kubernetes and self.config.kubernetes.cluster_id:
            cluster = self.config.kubernetes.cluster_id
            yield f"Kubernetes cluster {cluster.rpartition('/')[2]} is there", _problem(partial(self.cluster, cluster))
        purposes = ", ".join(f"{m.purpose} ({m.most} {m.size})" for m in self.machines)
        yield f"quota for {purposes}", _problem(self.quota)

    def providers(self) -> str | None:
        query = "[?registrationState=='Registered'].namespace"
        registered = {str(name).lower() for name in az.ask("provider", "list", "--query", query, *self.subscription)}
        needed = needed_providers(self.config)
        missing = [f"Microsoft.{name}" for name in needed if f"microsoft.{name}".lower() not in registered]
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
            if ours and engine.RECOVERS_KEY_VAULT:
                continue
            until = vault["properties"].get("scheduledPurgeDate", "its purge")
            advice = f"run 'az keyvault recover --name {name}', or choose" if ours else "choose"
            return f"it is kept until {until}: {advice} another name in {self.file}"
        return None

    def registry(self) -> str | None:
        """Listed, not shown: an answer without it is no failure of `az`."""
        wanted = self.config.registry
        kind = ("--resource-type", "Microsoft.MachineLearningServices/registries")
        ours = (wanted.name.lower(), wanted.resource_group.lower())
        elsewhere = wanted.subscription_id
        subscription = ("--subscription", elsewhere) if elsewhere else self.subscription
        for found in az.ask("resource", "list", *kind, *subscription):
            if (found["name"].lower(), found["resourceGroup"].lower()) == ours:
                return self._managed_group(found["id"])
        return (
            f"it does not exist in resource group {wanted.resource_group}, or may not be seen: build it first, with"
            " 'mlops infra apply --env prod --stack registry'"
        )

    def _managed_group(self, registry_id: str) -> str | None:
        """Azure makes a group behind the registry and names it; endpoints load models and images from there."""
        if self.config.online is None and self.config.kubernetes is None:
            return None
        made = az.get(registry_id, _MACHINE_LEARNING)["properties"]["managedResourceGroup"]["resourceId"]
        group = str(made).rpartition("/")[2]
        written = self.config.registry.managed_resource_group
        if written is not None and written.lower() == group.lower():
            return None
        return (
            f"registry.managed_resource_group: write {group} in the configuration of each environment: endpoints load"
            " models and images from there"
        )

    def network(self) -> str | None:
        network = self.config.network
        if network.subnet_id is None and network.address_space is None:
            return f"{self.file}: network: write subnet_id, your subnet for them, or address_space to have one built"
        subnet = [network.subnet_id] if network.subnet_id else []
        problems = [self._absent(found, "network", "vnet", "subnet", "show") for found in subnet]
        zones = network.private_dns_zone_ids
        problems += [self._absent(zone, "network", "private-dns", "zone", "show") for zone in zones]
        return "\n".join(filter(None, problems)) or None

    def cluster(self, cluster: str) -> str | None:
        return self._absent(cluster, "resource", "show")

    def quota(self) -> str | None:
        """Azure ML counts cores by family of sizes, apart from those of virtual machines."""
        place = f"{self.scope}/providers/Microsoft.MachineLearningServices/locations/{self.config.location}"
        known = {size["name"].lower(): size for size in az.get(f"{place}/vmSizes", _MACHINE_LEARNING)["value"]}
        usages = az.get(f"{place}/usages", _MACHINE_LEARNING)["value"]
        left = {usage["name"]["value"].lower(): usage["limit"] - usage["currentValue"] for usage in usages}
        problems, cores, users = [], defaultdict[str, int](int), defaultdict[str, list[str]](list)
        for each in self.machines:
            size = known.get(each.size.lower())
            if size is None:
                problems.append(
                    f"{each.size} of {each.purpose} is not offered in {self.config.location}: choose another size"
                )
                continue
            cores[size["family"]] += each.most * size["vCPUs"]
            users[size["family"]].append(f"{each.most} {each.size} of {each.purpose}")
        for family, needed in cores.items():
            free = left.get(family.lower(), 0)
            if free < needed:
                problems.append(
                    f"{' and '.join(users[family])} need {needed} cores of {family}, {free} are left in"
                    f" {self.config.location}: ask for more in Azure ML studio (Quota), or choose fewer or another size"
                )
        return "\n".join(problems) or None

    def _absent(self, resource_id: str, *ask: str) -> str | None:
        """Asked by its whole ID: it may belong to another subscription."""
        try:
            az.ask(*ask, "--ids", resource_id)
        except StepFailedError as error:
            return f"{self.file}: {resource_id}: it does not exist, or may not be seen: {error}"
        return None

    def _ours(self, name: str) -> bool:
        if not self.group_exists():
            return False
        query = ("--resource-group", self.group, "--query", "[].name")
        return name.lower() in {str(found).lower() for found in az.ask("resource", "list", *query, *self.subscription)}

    def _deleted_vaults(self, name: str) -> list[Mapping[str, Any]]:
        deleted = az.ask("keyvault", "list-deleted", "--resource-type", "vault", *self.subscription)
        return [vault for vault in deleted if vault["name"].lower() == name.lower()]


def _unprepared(project: Project, config: EnvironmentConfig) -> str | None:
    steps = engine.preparation(project, config).steps
    if not steps:
        return None
    return "\n".join(
        [f"run 'mlops infra bootstrap --env {config.environment}', which will", *(f"  {step.says}" for step in steps)]
    )


def _allowed(action: str, permissions: list[Mapping[str, list[str]]]) -> bool:
    def among(patterns: list[str]) -> bool:
        return any(fnmatch.fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)

    return any(among(each["actions"]) and not among(each["notActions"]) for each in permissions)


def _problem(check: Callable[[], str | None]) -> str | None:
    """A question that Azure does not answer is a problem of that check: the others go on."""
    try:
        return check()
    except UserError as error:
        return str(error)
