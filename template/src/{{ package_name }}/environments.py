"""config/{dev,staging,prod}.yml, typed: the Azure side of each environment.

Terraform reads the same files. What is refused here would otherwise fail in the middle of an apply.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from . import configfile
from .configfile import Section
from .errors import UserError

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
ActionGroupName = Annotated[
    str,
    _rule(r"[\w().-]{0,259}[\w()-]", "1 to 260 of letters, digits, '_().-', and no '.' at the end"),
]
Mailbox = Annotated[str, _rule(r"[^@\s]+@[^@\s]+\.[^@\s]+", "write a mailbox, such as 'mlops@example.com'")]
Tag = Annotated[str, Field(max_length=256)]  # Azure's limit for a tag's value


class Network(Section):
    """How the workspace is reached, and what its computes may reach.

    `public`: public endpoints, every call needs an identity. `managed`: the workspace, its storage
    and its key vault are reached through private endpoints only; computes run in a managed network
    and may reach the internet. `isolated`: as `managed`, but computes reach approved addresses
    only. Azure never goes back from a stricter mode.
    """

    mode: Literal["public", "managed", "isolated"]
    subnet_id: SubnetId | None = None  # where the private endpoints are put
    private_dns_zone_ids: tuple[DnsZoneId, ...] = ()  # none where a policy registers the endpoints
    approved_hosts: tuple[str, ...] = ()  # what isolated computes may reach beyond Azure

    @model_validator(mode="after")
    def _only_what_the_mode_uses(self) -> "Network":
        if self.mode == "public" and (self.subnet_id or self.private_dns_zone_ids):
            raise ValueError("mode 'public' makes no private endpoints: remove subnet_id, private_dns_zone_ids")
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


class Pipelines(Section):
    """Whom Azure takes for the CI of this environment; nobody while the values are missing."""

    system: Literal["github", "azure_devops"]
    subject_prefix: SubjectPrefix | None = None  # GitHub
    issuer: Issuer | None = None  # Azure DevOps
    subject: Subject | None = None  # Azure DevOps

    @model_validator(mode="after")
    def _only_what_the_system_uses(self) -> "Pipelines":
        if self.system == "github" and (self.issuer or self.subject):
            raise ValueError("system 'github' signs with an issuer that is known: remove issuer, subject")
        if self.system == "azure_devops" and self.subject_prefix:
            raise ValueError("system 'azure_devops' has no subject_prefix: write issuer and subject")
        if (self.issuer is None) != (self.subject is None):
            raise ValueError("issuer and subject go together: the service connection says both")
        return self


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
    data_lake: DataLake
    registry: SharedRegistry
    ci: Pipelines
    groups: Groups
    alert_email: Mailbox
    monthly_budget: Annotated[float, Field(gt=0)] | None = None  # in the currency of the subscription
    tags: Mapping[str, Tag] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _two_storage_accounts(self) -> "EnvironmentConfig":
        if self.names.data_lake == self.names.storage_account:
            raise ValueError(f"names.data_lake: {self.names.data_lake!r} is refused: names.storage_account has it")
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
    config = configfile.load(path, EnvironmentConfig)
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
        for key, value in config.names.model_dump().items():
            # Azure compares names without regard to case.
            owner = owners.setdefault((key, value.lower()), environment)
            if owner != environment:
                raise UserError(f"{label}: names.{key}: {value!r} is refused: {folder.name}/{owner}.yml has it")
        subject = config.ci.subject
        if subject and owners.setdefault(("ci.subject", subject), environment) != environment:
            raise UserError(
                f"{label}: ci.subject: {subject!r} is refused: {folder.name}/{owners['ci.subject', subject]}.yml "
                "has it: each environment needs a service connection of its own"
            )
        if config.registry != configs["prod"].registry:
            raise UserError(f"{label}: registry: differs from {folder.name}/prod.yml: environments share one")
    return configs
