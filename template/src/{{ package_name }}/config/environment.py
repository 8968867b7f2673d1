"""config/{dev,staging,prod}.yml, typed: the Azure side of each environment.

infra/ reads the same files. What is refused here would otherwise fail in the middle of an apply.
"""

import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from ..errors import UserError
from . import yaml_file
from .yaml_file import Section

ENVIRONMENTS = ("dev", "staging", "prod")


def _rule(pattern: str, text: str) -> AfterValidator:
    """A check of a whole string whose message says the rule in words."""
    compiled = re.compile(pattern, re.ASCII)

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise ValueError(f"{value!r} is refused: {text}")
        return value

    return AfterValidator(check)


# Microsoft's "Naming rules and restrictions for Azure resources".
GroupName = Annotated[
    str,
    _rule(r"[\w().-]{0,89}[\w()-]", "1 to 90 of letters, digits, '_().-', and no '.' at the end"),
]
WorkspaceName = Annotated[
    str,
    _rule(r"[A-Za-z0-9][\w-]{2,32}", "3 to 33 of letters, digits, '_-'; first a letter or digit"),
]
StorageName = Annotated[str, _rule(r"[a-z0-9]{3,24}", "3 to 24 of a-z and 0-9")]
ContainerName = Annotated[
    str,
    _rule(
        r"(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*",
        "3 to 63 of a-z, 0-9 and single '-'; first and last no '-'",
    ),
]
VaultName = Annotated[
    str,
    _rule(
        r"(?=.{3,24}$)[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*",
        "3 to 24 of letters, digits and single '-'; first a letter, last no '-'",
    ),
]
ContainerRegistryName = Annotated[str, _rule(r"[A-Za-z0-9]{5,50}", "5 to 50 letters and digits")]
LogName = Annotated[
    str,
    _rule(
        r"[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]",
        "4 to 63 of letters, digits and '-'; first and last no '-'",
    ),
]
InsightsName = Annotated[
    str,
    _rule(r"[\w().-]{0,254}[\w()-]", "1 to 255 of letters, digits, '_().-', and no '.' at the end"),
]
RegistryName = Annotated[
    str,
    _rule(r"[A-Za-z0-9][\w-]{1,31}", "2 to 32 of letters, digits, '_-'; first a letter or digit"),
]
Location = Annotated[str, _rule(r"[a-z][a-z0-9]{2,}", "write the region's short name, such as 'westeurope'")]
_NETWORK = r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Network/"
SubnetId = Annotated[
    str,
    _rule(
        _NETWORK + r"virtualNetworks/[^/]+/subnets/[^/]+",
        "write the subnet's resource ID: '/subscriptions/.../virtualNetworks/.../subnets/...'",
    ),
]
DnsZoneId = Annotated[
    str,
    _rule(
        _NETWORK + r"privateDnsZones/privatelink\.[^/]+",
        "write the zone's resource ID: '/subscriptions/.../privateDnsZones/privatelink....'",
    ),
]
IdentityName = Annotated[
    str,
    _rule(r"[A-Za-z0-9][\w-]{2,127}", "3 to 128 of letters, digits, '_-'; first a letter or digit"),
]
ClusterName = Annotated[
    str,
    _rule(
        r"(?=.{3,32}$)[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9]",
        "3 to 32 of letters, digits and '-'; first a letter, last no '-'",
    ),
]
MachineSize = Annotated[
    str,
    _rule(r"Standard_[A-Z]+[0-9]\w*", "write Azure's name of a size, such as 'Standard_D4ds_v5'"),
]
SubjectPrefix = Annotated[
    str,
    _rule(
        r"repo:[^/:\s]+/[^/:\s]+",
        "write what GitHub says, such as 'repo:owner@1/name@2', without the environment",
    ),
]
Issuer = Annotated[str, _rule(r"https://\S+", "write the issuer's address, starting with 'https://'")]
Subject = Annotated[str, _rule(r"\S(.*\S)?", "write what the service connection says, without spaces around it")]
ObjectId = Annotated[
    str,
    _rule(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "write the group's object ID, in lower case"),
]
# Azure allows 43; a second Logic App is called the same with '-in' at the end.
LogicAppName = Annotated[str, _rule(r"[\w.-]{1,40}", "1 to 40 of letters, digits, '_.-'")]
TopicName = Annotated[str, _rule(r"[A-Za-z0-9-]{3,50}", "3 to 50 of letters, digits and '-'")]
EndpointName = Annotated[
    str,
    _rule(
        r"(?=.{3,32}$)[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9]",
        "3 to 32 of letters, digits and '-'; first a letter, last no '-'",
    ),
]
VirtualNetworkName = Annotated[
    str,
    _rule(r"[A-Za-z0-9][\w.-]{0,62}\w", "2 to 64 of letters, digits, '_.-'; first a letter or digit, last no '.-'"),
]
ClusterId = Annotated[
    str,
    _rule(
        r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/"
        r"(Microsoft\.ContainerService/managedClusters|Microsoft\.Kubernetes/connectedClusters)/[^/]+",
        "write the resource ID of a cluster: '/subscriptions/.../Microsoft.ContainerService/managedClusters/...'"
        " or '.../Microsoft.Kubernetes/connectedClusters/...'",
    ),
]
VaultId = Annotated[
    str,
    _rule(
        r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.KeyVault/vaults/[^/]+",
        "write the key vault's resource ID: '/subscriptions/.../Microsoft.KeyVault/vaults/...'",
    ),
]
SecretName = Annotated[str, _rule(r"[A-Za-z0-9-]{1,127}", "1 to 127 of letters, digits and '-'")]
Namespace = Annotated[
    str,
    _rule(r"(?=.{1,63}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?", "1 to 63 of a-z, 0-9 and '-'; first and last no '-'"),
]
HostName = Annotated[
    str,
    _rule(
        r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}",
        "write a host in lower case, such as 'inference.example.com'",
    ),
]
BlobSuffix = Annotated[str, _rule(r"[^\s?#]+", "write how the blob's path ends, such as '/_SUCCESS'")]
Percent = Annotated[int, Field(ge=1, le=100)]
SubscriptionId = Annotated[
    str,
    _rule(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "write the subscription's ID, in lower case"),
]
ActionGroupName = Annotated[
    str,
    _rule(r"[\w().-]{0,259}[\w()-]", "1 to 260 of letters, digits, '_().-', and no '.' at the end"),
]
Mailbox = Annotated[str, _rule(r"[^@\s]+@[^@\s]+\.[^@\s]+", "write a mailbox, such as 'mlops@example.com'")]
Tag = Annotated[str, Field(max_length=256)]  # Azure's limit for a tag's value


_SMALLEST = 27  # nine private endpoints and Azure's own five addresses; 27 leaves room for some more


class Network(Section):
    """How the workspace is reached, and what its computes may reach.

    `public`: public endpoints, every call needs an identity. `managed`: the workspace, its storage
    and its key vault are reached through private endpoints only; computes run in a managed network
    and may reach the internet. `isolated`: as `managed`, but computes reach approved addresses
    only. Azure never goes back from a stricter mode.
    """

    mode: Literal["public", "managed", "isolated"]
    subnet_id: SubnetId | None = None  # where the private endpoints are put
    address_space: str | None = None  # or: of a virtual network that is built for them
    private_dns_zone_ids: tuple[DnsZoneId, ...] = ()  # none where a policy registers the endpoints
    approved_hosts: tuple[str, ...] = ()  # what isolated computes may reach beyond Azure

    @field_validator("address_space")
    @classmethod
    def _private_addresses(cls, value: str | None) -> str | None:
        try:
            space = ipaddress.ip_network(value) if value is not None else None
        except ValueError:
            raise ValueError(f"{value!r} is refused: write a network's first address, such as '10.20.0.0/24'") from None
        if space is not None and not (space.version == 4 and space.is_private and space.prefixlen <= _SMALLEST):
            raise ValueError(f"{value!r} is refused: private IPv4 addresses, /{_SMALLEST} or larger, are needed")
        return value

    @model_validator(mode="after")
    def _only_what_the_mode_uses(self) -> "Network":
        if self.mode == "public" and (self.subnet_id or self.address_space or self.private_dns_zone_ids):
            raise ValueError(
                "mode 'public' makes no private endpoints: remove subnet_id, address_space, private_dns_zone_ids"
            )
        if self.address_space and (self.subnet_id or self.private_dns_zone_ids):
            raise ValueError(
                "address_space builds a network with zones of its own: remove subnet_id, private_dns_zone_ids"
            )
        if self.mode != "isolated" and self.approved_hosts:
            raise ValueError(f"mode {self.mode!r} does not limit what computes reach: remove approved_hosts")
        return self


class Names(Section):
    """What the resources of the environment are called."""

    resource_group: GroupName
    workspace: WorkspaceName
    storage_account: StorageName
    data_lake: StorageName
    key_vault: VaultName
    container_registry: ContainerRegistryName
    log_analytics: LogName
    application_insights: InsightsName
    identity_jobs: IdentityName
    identity_endpoint: IdentityName
    identity_ci: IdentityName
    action_group: ActionGroupName
    action_group_mail: ActionGroupName  # for alerts that must not go through the Logic App
    logic_app: LogicAppName
    workspace_events: TopicName
    lake_events: TopicName
    virtual_network: VirtualNetworkName | None = None  # closed networks
    online_endpoint: EndpointName | None = None
    kubernetes_endpoint: EndpointName | None = None
    batch_endpoint: EndpointName | None = None


class Sizes(Section):
    """What costs money."""

    storage_replication: Literal["LRS", "ZRS", "GRS", "GZRS", "RAGRS", "RAGZRS"]
    container_registry_sku: Literal["Basic", "Standard", "Premium"]
    log_retention_days: Annotated[int, Field(ge=30, le=730)]


class Cluster(Section):
    """Machines that jobs run on; `max_nodes` and `idle_minutes` bound what they cost."""

    name: ClusterName
    vm_size: MachineSize
    max_nodes: Annotated[int, Field(ge=1, le=100)]
    idle_minutes: Annotated[int, Field(ge=1, le=120)]


class Online(Section):
    """How many machines answer requests, and when there are more or fewer of them."""

    min_instances: Annotated[int, Field(ge=1)]
    max_instances: Annotated[int, Field(ge=1, le=500)]
    scale_out_percent: Percent  # of CPU
    scale_in_percent: Percent
    gpu: bool = False  # whether the machines have GPUs to watch

    @model_validator(mode="after")
    def _in_order(self) -> "Online":
        if self.max_instances < self.min_instances:
            raise ValueError(f"max_instances: {self.max_instances} is refused: min_instances is {self.min_instances}")
        if 2 * self.scale_in_percent > self.scale_out_percent:
            raise ValueError(
                f"scale_in_percent: {self.scale_in_percent} is refused: must be at most half of scale_out_percent, "
                "or two machines that become one are too busy at once"
            )
        return self


class Kubernetes(Section):
    """A cluster, AKS or connected by Azure Arc, that answers requests; nothing is installed without `cluster_id`."""

    cluster_id: ClusterId | None = None
    namespace: Namespace
    host: HostName | None = None
    tls_secret: Namespace
    high_availability: bool

    @model_validator(mode="after")
    def _tls_needs_a_host(self) -> "Kubernetes":
        if self.cluster_id and not self.host:
            raise ValueError("host is missing: the name in the TLS certificate that the cluster answers with")
        return self


class Thresholds(Section):
    """Above these somebody is told."""

    quota_percent: Percent
    utilisation_percent: Percent | None = None  # of CPU, memory and disk of a deployment
    latency_p95_ms: Annotated[int, Field(gt=0)] | None = None
    errors_per_minute: Annotated[int, Field(ge=0)] | None = None  # answers 5xx


class Pipelines(Section):
    """Whom Azure takes for the CI of this environment; nobody while the values are missing."""

    system: Literal["github", "azure_devops"]
    repository: str  # owner/name, or organisation/project/repository
    builds_infrastructure: bool = True  # false: people do
    subject_prefix: SubjectPrefix | None = None  # GitHub
    issuer: Issuer | None = None  # Azure DevOps
    subject: Subject | None = None  # Azure DevOps

    @model_validator(mode="after")
    def _repository_has_its_parts(self) -> "Pipelines":
        parts = {"github": "owner/name", "azure_devops": "organisation/project/repository"}[self.system]
        if self.repository.count("/") != parts.count("/") or not all(self.repository.split("/")):
            raise ValueError(f"repository: {self.repository!r} is refused: write {parts}")
        return self

    @model_validator(mode="after")
    def _only_what_the_system_uses(self) -> "Pipelines":
        if self.system == "github" and (self.issuer or self.subject):
            raise ValueError("system 'github' signs with an issuer that is known: remove issuer, subject")
        if self.system == "azure_devops" and self.subject_prefix:
            raise ValueError("system 'azure_devops' has no subject_prefix: write issuer and subject")
        if (self.issuer is None) != (self.subject is None):
            raise ValueError("issuer and subject go together: the service connection says both")
        return self


class DataArrived(Section):
    """The blob that completes a delivery of data."""

    container: ContainerName
    suffix: BlobSuffix


class EventPipelines(Section):
    """Numbers of the pipelines that events start; None starts nothing."""

    model_registered: Annotated[int, Field(gt=0)] | None = None
    monitor_breach: Annotated[int, Field(gt=0)] | None = None
    data_arrived: Annotated[int, Field(gt=0)] | None = None


class Events(Section):
    """What happens in Azure and starts something in the CI."""

    model: str  # the registered name
    cool_down_minutes: Annotated[int, Field(ge=1, le=1440)]
    data_arrived: DataArrived
    token_secret: SecretName | None = None  # GitHub
    token_vault_id: VaultId | None = None  # GitHub, closed networks
    pipelines: EventPipelines | None = None  # Azure DevOps
    work_item_type: str | None = None  # Azure DevOps


class State(Section):
    """Where the tool of infra/ keeps what it built, if it keeps that itself."""

    resource_group: GroupName
    storage_account: StorageName


class Groups(Section):
    """Groups of people in Entra ID, who get roles if they are named."""

    data_scientists: ObjectId | None = None
    ml_engineers: ObjectId | None = None


class DataLake(Section):
    """Where the project's data lies, apart from the workspace's own storage."""

    containers: Annotated[tuple[ContainerName, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _each_once(self) -> "DataLake":
        if len(set(self.containers)) < len(self.containers):
            raise ValueError("containers: one is named twice")
        return self


class SharedRegistry(Section):
    """The Azure ML registry through which models move from one environment to the next."""

    name: RegistryName
    resource_group: GroupName
    location: Location
    subscription_id: SubscriptionId | None = None  # the environment's own without it
    managed_resource_group: GroupName | None = None  # what Azure makes behind it, once it is built


class EnvironmentConfig(Section):
    """The whole of one file."""

    environment: Literal["dev", "staging", "prod"]
    location: Location
    create_resource_group: bool = True  # false: it exists already
    assign_roles: bool = True  # false: somebody else assigns them
    network: Network
    names: Names
    sizes: Sizes
    cpu_cluster: Cluster
    gpu_cluster: Cluster | None = None
    online: Online | None = None
    kubernetes: Kubernetes | None = None
    thresholds: Thresholds
    data_lake: DataLake
    registry: SharedRegistry
    state: State | None = None
    ci: Pipelines
    events: Events
    groups: Groups
    alert_email: Mailbox
    monthly_budget: Annotated[int, Field(gt=0)] | None = None  # in the currency of the subscription
    tags: Mapping[str, Tag] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _storage_accounts_apart(self) -> "EnvironmentConfig":
        owners: dict[str, str] = {}
        accounts = {key: getattr(self.names, key) for key in ("storage_account", "data_lake")}
        if self.state is not None:
            accounts["state"] = self.state.storage_account
        for key, value in accounts.items():
            owner = owners.setdefault(value, key)
            if owner != key:
                key, owner = ("state.storage_account" if k == "state" else f"names.{k}" for k in (key, owner))
                raise ValueError(f"{key}: {value!r} is refused: {owner} has it")
        return self

    @model_validator(mode="after")
    def _what_is_built_has_a_name(self) -> "EnvironmentConfig":
        for built, name in (
            (self.network.address_space is not None, "virtual_network"),
            (self.online is not None, "online_endpoint"),
            (self.kubernetes is not None, "kubernetes_endpoint"),
        ):
            if built and getattr(self.names, name) is None:
                raise ValueError(f"names.{name} is missing")
        return self

    @model_validator(mode="after")
    def _what_is_served_has_thresholds(self) -> "EnvironmentConfig":
        if self.online is not None or self.kubernetes is not None:
            for key in ("utilisation_percent", "latency_p95_ms", "errors_per_minute"):
                if getattr(self.thresholds, key) is None:
                    raise ValueError(f"thresholds.{key} is missing")
        return self

    @model_validator(mode="after")
    def _events_fit_the_ci(self) -> "EnvironmentConfig":
        events, system = self.events, self.ci.system
        keys = {"github": ("token_secret", "token_vault_id"), "azure_devops": ("pipelines", "work_item_type")}
        for key in keys[system]:
            if getattr(events, key) is None and key != "token_vault_id":
                raise ValueError(f"events.{key} is missing: ci.system {system!r} needs it")
        for key in keys["github" if system == "azure_devops" else "azure_devops"]:
            if getattr(events, key) is not None:
                raise ValueError(f"events.{key} is refused: ci.system {system!r} does not use it")
        if events.token_vault_id and self.network.mode == "public":
            raise ValueError("events.token_vault_id is refused: network.mode 'public' keeps the token in its own vault")
        if events.data_arrived.container not in self.data_lake.containers:
            raise ValueError(
                f"events.data_arrived.container: {events.data_arrived.container!r} is refused: "
                f"data_lake.containers are {', '.join(self.data_lake.containers)}"
            )
        return self

    @model_validator(mode="after")
    def _private_endpoints_need_premium(self) -> "EnvironmentConfig":
        sku = self.sizes.container_registry_sku
        if self.network.mode != "public" and sku != "Premium":
            raise ValueError(
                f"sizes.container_registry_sku: {sku!r} is refused: network.mode "
                f"{self.network.mode!r} needs 'Premium', the only one with private endpoints"
            )
        return self


def load(path: Path) -> EnvironmentConfig:
    """Read and check one environment's file.

    Raises:
        UserError: the file is missing, is not YAML, names another environment, or a value breaks a
            rule.
    """
    config = yaml_file.load(path, EnvironmentConfig)
    if config.environment != path.stem:
        raise UserError(
            f"{path.parent.name}/{path.name}: environment: {config.environment!r} is refused: "
            f"must be {path.stem!r}, as the file is called"
        )
    return config


def load_all(folder: Path) -> Mapping[str, EnvironmentConfig]:
    """Read and check every environment's file, and that the files agree.

    Raises:
        UserError: a file is refused, two environments share a name or a service
            connection, or their registries differ.
    """
    configs = {name: load(folder / f"{name}.yml") for name in ENVIRONMENTS}
    owners: dict[tuple[str, str], str] = {}
    for environment, config in configs.items():
        label = f"{folder.name}/{environment}.yml"
        named = {f"names.{key}": value for key, value in config.names.model_dump(exclude_none=True).items()}
        if config.state is not None:
            named["state.storage_account"] = config.state.storage_account
        for key, value in named.items():
            # Azure compares names without regard to case.
            owner = owners.setdefault((key, value.lower()), environment)
            if owner != environment:
                raise UserError(f"{label}: {key}: {value!r} is refused: {folder.name}/{owner}.yml has it")
        subject = config.ci.subject
        if subject and owners.setdefault(("ci.subject", subject), environment) != environment:
            raise UserError(
                f"{label}: ci.subject: {subject!r} is refused: {folder.name}/{owners['ci.subject', subject]}.yml "
                "has it: each environment needs a service connection of its own"
            )
        if config.registry != configs["prod"].registry:
            raise UserError(f"{label}: registry: differs from {folder.name}/prod.yml: environments share one")
    return configs
