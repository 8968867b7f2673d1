"""The order in which resources are made: Bicep's by the compiled `dependsOn`, Terraform's by its own graph."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.infra import terraform
from tests.infra.compiler import compiler

Edges = Mapping[str, set[str]]

# What must be there first, and what needs it: by the names of modules of main.bicep, and of Terraform's resources.
# The workspace approves endpoints by its roles; a rule that is written while a cluster joins the network may vanish
# (pulumi-azure-native, issue 3212); a role on a private endpoint needs the endpoint.
BICEP = [
    ("monitoring", "security"),
    ("storage", "workspace"),
    ("lake", "workspace"),
    ("security", "workspace"),
    ("identities", "workspace"),
    ("workspace", "privateEndpoints"),
    ("privateEndpoints", "roles"),
    ("roles", "outboundRules"),
    ("outboundRules", "compute"),
]
TERRAFORM = [
    ("module.storage.azurerm_storage_account.main", "azurerm_machine_learning_workspace.main"),
    ("azurerm_role_assignment.main", "azapi_resource.outbound_rule"),
    ("azurerm_role_assignment.main", "azapi_resource.approved_host"),
    ("azapi_resource.outbound_rule", "azurerm_machine_learning_compute_cluster.main"),
    ("azapi_resource.approved_host", "azurerm_machine_learning_compute_cluster.main"),
    ("azapi_resource.outbound_rule", "azapi_resource.workstation"),
    ("azurerm_federated_identity_credential.ci", "azurerm_federated_identity_credential.infrastructure"),
    ("azurerm_federated_identity_credential.infrastructure", "azurerm_federated_identity_credential.plan"),
    ("azurerm_federated_identity_credential.plan", "azurerm_federated_identity_credential.watch"),
]
# Loops that Azure must be given one by one: credentials answer 409, rules remove one another (azapi, issue 453).
ONE_BY_ONE = {
    "modules/identities.bicep": {"credential"},
    "modules/outbound-rules.bicep": {"endpointRule", "hostRule"},
}


def _after(edges: Edges, later: str) -> set[str]:
    found: set[str] = set()
    open_ = [later]
    while open_:
        for one in edges.get(open_.pop(), set()) - found:
            found.add(one)
            open_.append(one)
    return found


def _unordered(edges: Edges, pairs: list[tuple[str, str]]) -> Iterator[str]:
    for first, later in pairs:
        if later not in edges or first not in _after(edges, later):
            yield f"{later} does not wait for {first}"


def faults_in_bicep(project: Path) -> Iterator[str]:
    """What of an environment would be made too early, or at the same time."""
    compiled = compiler().compile(project / "infra/main.bicep").template["resources"]
    yield from _unordered({name: set(one.get("dependsOn", [])) for name, one in compiled.items()}, BICEP)
    for file, names in ONE_BY_ONE.items():
        resources = compiler().compile(project / "infra" / file).template["resources"]
        for name in names:
            copy = resources[name].get("copy", {})
            if (copy.get("mode"), copy.get("batchSize")) != ("serial", 1):
                yield f"{file}: {name} is made all at once"
    rules = compiler().compile(project / "infra/modules/outbound-rules.bicep").template["resources"]
    if "endpointRule" not in rules["hostRule"].get("dependsOn", []):
        yield "modules/outbound-rules.bicep: hostRule is made together with endpointRule"


def faults_in_terraform(project: Path) -> Iterator[str]:
    """What of an environment would be made too early."""
    edges: dict[str, set[str]] = {}
    for later, first in re.findall(r'"(\S+)" -> "(\S+)"', terraform.graph(project)):
        edges.setdefault(later, set()).add(first)
    yield from _unordered(edges, TERRAFORM)
