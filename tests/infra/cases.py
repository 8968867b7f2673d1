"""Projects to compare: each choice that changes the infrastructure, as rendered and as a user fills it in."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.infra.resource import SUBSCRIPTION, arm_id
from tests.support import harness

ENVIRONMENTS = ("dev", "staging", "prod")
ZONES = (
    "privatelink.api.azureml.ms",
    "privatelink.notebooks.azure.net",
    "privatelink.blob.core.windows.net",
    "privatelink.dfs.core.windows.net",
    "privatelink.file.core.windows.net",
    "privatelink.vaultcore.azure.net",
    "privatelink.azurecr.io",
)
SUBNET = arm_id("Microsoft.Network/virtualNetworks/subnets", "vnet-hub/endpoints", "rg-network")
AKS = arm_id("Microsoft.ContainerService/managedClusters", "aks-models", "rg-clusters")
ARC = arm_id("Microsoft.Kubernetes/connectedClusters", "arc-models", "rg-clusters")
LOGS = arm_id("Microsoft.OperationalInsights/workspaces", "log-platform", "rg-platform")
OTHER_SUBSCRIPTION = "00000000-0000-0000-0000-00000000005b"
GROUPS = {
    "data_scientists": "00000000-0000-0000-0000-0000000000d5",
    "ml_engineers": "00000000-0000-0000-0000-0000000000e6",
    "data_engineers": "00000000-0000-0000-0000-0000000000de",
    "infrastructure_engineers": "00000000-0000-0000-0000-0000000000fe",
    "annotators": "00000000-0000-0000-0000-0000000000a1",
}
SUBJECTS = {
    who: f"/eid1/c/pub/t/example/a/example/sc/example/{{environment}}{end}"
    for who, end in (("ci", ""), ("infrastructure", "-infra"), ("plan", "-plan"))
}

# How far a user has filled the configuration in. bare: only what must be. filled: all there is to fill in.
# withheld: an owner of the organisation gives the roles, the logs, the key vault and the container registry.
FILLINGS = ("bare", "filled", "withheld")


@dataclass(frozen=True)
class Case:
    """A project and how far it is filled in; all languages are rendered and filled in alike."""

    scenario: str
    ci: str
    network: str
    serving: tuple[str, ...]
    filling: str

    def __str__(self) -> str:
        return "-".join((self.scenario, self.ci, self.network, "+".join(self.serving), self.filling))

    def answers(self, iac: str) -> dict[str, Any]:
        changed = {"ci": self.ci, "network": self.network, "serving": list(self.serving)}
        return harness.answers_for(self.scenario, iac=iac, **changed)

    def project(self, iac: str, render: harness.Render, folder: Path) -> Path:
        """The infrastructure and the filled-in configuration of the case, in a folder of their own."""
        target = folder / iac / str(self)
        if not target.exists():
            rendered = render(self.answers(iac))
            for part in ("infra", "config"):
                shutil.copytree(rendered / part, target / part)
            self.fill(target / "config")
        return target

    def fill(self, folder: Path) -> None:
        """Fill in what a user fills in."""
        for name in ("common", *ENVIRONMENTS):
            path = folder / f"{name}.yml"
            config = yaml.safe_load(path.read_text())
            if name == "common":
                self._fill_common(config)
            elif self.filling == "filled":
                self._fill_environment(config, name)
            path.write_text(yaml.safe_dump(config, sort_keys=False))

    def _fill_common(self, config: dict[str, Any]) -> None:
        if self.network != "public":
            if self.filling == "filled":
                zones = [arm_id("Microsoft.Network/privateDnsZones", zone, "rg-network") for zone in ZONES]
                config["network"].update(subnet_id=SUBNET, private_dns_zone_ids=zones)
            else:
                config["network"]["address_space"] = "10.20.0.0/24"
        if self.filling == "withheld":
            config["environment"]["assign_roles"] = False
            config["alerts"]["monthly_budget"] = None
            config["ci"]["builds_infrastructure"] = False
            config["sizes"]["log_daily_cap_gb"] = None
            config["existing"] = {
                "log_analytics_id": LOGS,
                "container_registry_id": arm_id("Microsoft.ContainerRegistry/registries", "crplatform", "rg-platform"),
                "key_vault_id": arm_id("Microsoft.KeyVault/vaults", "kv-platform", "rg-platform"),
            }
        if self.filling == "filled":
            _fill_all(config)

    def _fill_environment(self, config: dict[str, Any], name: str) -> None:
        """What differs between environments: null and lists of an environment replace those of common.yml."""
        if name == "prod":
            config.setdefault("alerts", {})["monthly_budget"] = None
            if self.network != "public":  # there a policy registers the endpoints
                config["network"] = {"private_dns_zone_ids": []}
            if "kubernetes" in self.serving:
                config["kubernetes"].update(cluster_id=ARC, log_analytics_id=None)
        if name == "dev":
            config["workstations"] = {"people": {"alex": "00000000-0000-0000-0000-0000000000aa"}}
        if self.ci == "azure_devops":
            config["ci"]["subjects"] = {who: subject.format(environment=name) for who, subject in SUBJECTS.items()}

    def stacks(self) -> Iterator[Stack]:
        """What is applied, by the languages' own names."""
        yield Stack("environment", "infra", "main.bicepparam")
        yield Stack("registry", "infra/registry", "registry.bicepparam")
        if self.network != "public" and self.filling != "filled":
            yield Stack("network", "infra/network", "network.bicepparam")
        if "kubernetes" in self.serving and self.filling == "filled":
            yield Stack("cluster", "infra/cluster", "cluster.bicepparam")
        for kind in ("online", "kubernetes"):
            if kind in self.serving:
                deployments = ("blue", "green") if kind == "online" and self.filling != "bare" else ()
                yield Stack(f"endpoint-{kind}", "infra/endpoint", "endpoint.bicepparam", kind, deployments)


@dataclass(frozen=True)
class Stack:
    """Something that is applied at once: a root of Terraform, and a file of Bicep with its parameters."""

    name: str
    root: str
    entry: str
    kind: str = ""
    """Of an endpoint: online or kubernetes."""
    deployments: tuple[str, ...] = ()

    @property
    def shared(self) -> bool:
        """Whether it is one for all environments."""
        return self.name in ("registry", "network")

    @property
    def variables(self) -> dict[str, Any]:
        """Of Terraform."""
        if not self.kind:
            return {}
        return {"kind": self.kind, "deployments": list(self.deployments)}

    @property
    def environment_variables(self) -> dict[str, str]:
        """Of a .bicepparam."""
        if not self.kind:
            return {}
        return {"KIND": self.kind, "DEPLOYMENTS": ",".join(self.deployments)}

    def group(self, config: dict[str, Any]) -> str:
        """The resource group that the stack is deployed to."""
        if self.name in ("registry", "network"):
            return str(config[self.name]["resource_group"])
        if self.name == "cluster":
            return str(config["kubernetes"]["cluster_id"].split("/")[4])
        return str(config["names"]["resource_group"])


def _fill_all(config: dict[str, Any]) -> None:
    config["groups"] = {name: GROUPS[name] for name in config["groups"]}
    config["registry"].update(subscription_id=OTHER_SUBSCRIPTION, managed_resource_group="rg-behind-the-registry")
    config["gpu_cluster"] = {
        "name": "gpu-cluster",
        "vm_size": "Standard_NC4as_T4_v3",
        "max_nodes": 1,
        "idle_minutes": 5,
    }
    if "approved_hosts" in config["network"]:
        config["network"]["approved_hosts"] = ["packages.example.com", "pypi.example.org"]
    config["ci"]["autoscale_role_id"] = "00000000-0000-0000-0000-0000000000c5"
    if "github" in (config["ci"]["issuer"] or ""):
        config["ci"]["subject_prefix"] = "repo:example-org@1/flight-time@2"
    else:
        config["ci"]["issuer"] = f"https://login.microsoftonline.com/{SUBSCRIPTION}/v2.0"
    container = "Microsoft.Storage/storageAccounts/blobServices/containers"
    config["data"].update(
        sources={
            "sales": {"kind": "blob", "id": arm_id(container, "stsales/default/orders", "rg-sales")},
            "weather": {"kind": "onelake", "id": f"{OTHER_SUBSCRIPTION}/{SUBSCRIPTION}"},
        },
        targets={"reports": {"kind": "adls", "id": arm_id(container, "dlsreports/default/flights", "rg-reports")}},
    )
    if "online" in config:
        config["online"]["gpu"] = True
    if "kubernetes" in config:
        config["kubernetes"].update(cluster_id=AKS, host="inference.example.com", log_analytics_id=LOGS)


def merged(project: Path, environment: str) -> dict[str, Any]:
    """The configuration of an environment: section by section, its own keys before those of common.yml."""
    common, own = (yaml.safe_load((project / f"config/{name}.yml").read_text()) for name in ("common", environment))
    return {key: {**(common.get(key) or {}), **(own.get(key) or {})} for key in {**common, **own}}


def _all() -> list[Case]:
    """Every combination of choices filled in; and, with all ways of serving, bare and withheld."""
    kinds = harness.offered("serving")
    subsets = [subset for length in range(1, len(kinds) + 1) for subset in itertools.combinations(kinds, length)]
    projects = list(itertools.product(harness.offered("scenario"), harness.offered("ci"), harness.offered("network")))
    return [
        *(Case(*project, subset, "filled") for project in projects for subset in subsets),
        *(Case(*project, tuple(kinds), filling) for project in projects for filling in ("bare", "withheld")),
    ]


CASES = _all()

_EVERYTHING = tuple(harness.offered("serving"))

# One a network mode: together they show each choice, and each filling, at least once.
REPRESENTATIVE = [
    Case("classical", "github", "isolated", _EVERYTHING, "filled"),
    Case("nlp", "azure_devops", "managed", _EVERYTHING, "withheld"),
    Case("cv", "github", "public", ("online", "batch"), "bare"),
]
# A few more, each with a choice that the others have not.
FURTHER = [
    Case("classical", "azure_devops", "public", _EVERYTHING, "filled"),
    Case("classical", "azure_devops", "isolated", ("batch",), "bare"),
    Case("classical", "github", "managed", ("batch", "kubernetes"), "filled"),
]
