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
CLUSTERS = {
    "dev": arm_id("Microsoft.ContainerService/managedClusters", "aks-models", "rg-clusters"),
    "staging": arm_id("Microsoft.ContainerService/managedClusters", "aks-models", "rg-clusters"),
    "prod": arm_id("Microsoft.Kubernetes/connectedClusters", "arc-models", "rg-clusters"),
}
OTHER_SUBSCRIPTION = "00000000-0000-0000-0000-00000000005b"
OTHER_VAULT = arm_id("Microsoft.KeyVault/vaults", "kv-outside", "rg-outside").replace(SUBSCRIPTION, OTHER_SUBSCRIPTION)

# How far a user has filled the configuration in. bare: only what must be. filled: all there is to fill in.
# withheld: somebody else makes the group and gives the roles, and there is no budget.
FILLINGS = ("bare", "filled", "withheld")


@dataclass(frozen=True)
class Case:
    """A project and how far it is filled in; both flavours are rendered and filled in alike."""

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
            for environment in ENVIRONMENTS:
                path = target / f"config/{environment}.yml"
                config = yaml.safe_load(path.read_text())
                self.fill(config)
                path.write_text(yaml.safe_dump(config, sort_keys=False))
        return target

    def fill(self, config: dict[str, Any]) -> None:
        """Fill in what a user fills in."""
        if self.network != "public":
            _fill_network(config["network"], config["environment"] if self.filling == "filled" else "dev")
        if self.filling == "withheld":
            config.update(create_resource_group=False, assign_roles=False, monthly_budget=None)
            config["ci"]["builds_infrastructure"] = False
        if self.filling == "filled":
            _fill_all(config)

    def stacks(self) -> Iterator[Stack]:
        """What is applied: the environment, the registry, and what stands around an endpoint."""
        yield Stack("environment", "infra", "main.bicep" if self.filling == "withheld" else "with-group.bicep")
        yield Stack("registry", "infra/registry", "registry.bicep")
        for kind in ("online", "kubernetes"):
            if kind in self.serving:
                given: dict[str, Any] = {"kind": kind}
                if "online" in self.serving and self.filling != "bare":
                    given["deployments"] = ["blue", "green"]
                yield Stack(f"endpoint-{kind}", "infra/endpoint", "endpoint.bicep", given)


@dataclass(frozen=True)
class Stack:
    """Something that is applied at once: a root of Terraform, and a file of Bicep."""

    name: str
    root: str
    entry: str
    given: dict[str, Any] | None = None


def _fill_network(network: dict[str, Any], environment: str) -> None:
    """A network of its own in dev, the organisation's with its zones in staging, and with a policy in prod."""
    if environment == "dev":
        network["address_space"] = "10.20.0.0/24"
    else:
        network["subnet_id"] = SUBNET
    if environment == "staging":
        network["private_dns_zone_ids"] = [
            arm_id("Microsoft.Network/privateDnsZones", zone, "rg-network") for zone in ZONES
        ]
    if environment == "staging" and "approved_hosts" in network:
        network["approved_hosts"] = ["packages.example.com", "pypi.example.org"]


def _fill_all(config: dict[str, Any]) -> None:
    environment = config["environment"]
    config["groups"] = {
        "data_scientists": "00000000-0000-0000-0000-0000000000d5",
        "ml_engineers": "00000000-0000-0000-0000-0000000000e6",
    }
    config["registry"].update(subscription_id=OTHER_SUBSCRIPTION, managed_resource_group="rg-behind-the-registry")
    config["gpu_cluster"] = {
        "name": "gpu-cluster",
        "vm_size": "Standard_NC4as_T4_v3",
        "max_nodes": 1,
        "idle_minutes": 5,
    }
    if config["ci"]["system"] == "github":
        config["ci"]["subject_prefix"] = "repo:example-org@1/flight-time@2"
        if "token_vault_id" in config["events"]:
            config["events"]["token_vault_id"] = OTHER_VAULT
    else:
        config["ci"]["issuer"] = f"https://login.microsoftonline.com/{SUBSCRIPTION}/v2.0"
        config["ci"]["subject"] = f"/eid1/c/pub/t/example/a/example/sc/example/{environment}"
        # In staging not every event is heard.
        pipelines = {
            "model_registered": 11,
            "monitor_breach": None if environment == "staging" else 12,
            "data_arrived": 13,
        }
        config["events"]["pipelines"] = pipelines
    if "online" in config:
        config["online"]["gpu"] = True
    if "kubernetes" in config:
        config["kubernetes"].update(cluster_id=CLUSTERS[environment], host="inference.example.com")


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

# A few that together show each choice, and each filling, at least once.
REPRESENTATIVE = [
    Case("classical", "github", "public", _EVERYTHING, "filled"),
    Case("classical", "github", "isolated", ("batch", "kubernetes"), "filled"),
    Case("classical", "azure_devops", "managed", ("online",), "filled"),
    Case("classical", "azure_devops", "public", ("batch",), "bare"),
    Case("classical", "github", "managed", ("online", "batch"), "bare"),
    Case("classical", "azure_devops", "isolated", _EVERYTHING, "withheld"),
]
