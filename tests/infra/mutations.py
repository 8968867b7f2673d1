"""Mistakes in the infrastructure, each with the one check that must find it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.infra import azapi, order, static
from tests.infra.cases import REPRESENTATIVE, Case, Stack, merged
from tests.infra.compiler import CompileError, compiler
from tests.infra.flavours import MADE
from tests.infra.policy import built, faults
from tests.infra.reference import refused
from tests.infra.terraform import Refused

ISOLATED, MANAGED, PUBLIC = REPRESENTATIVE


@dataclass(frozen=True)
class Mutation:
    """One mistake that a person could make in a file of infra/."""

    iac: str
    file: str
    """Path in infra/ as rendered."""
    old: str
    """Text that the file holds; its first occurrence is changed."""
    new: str
    check: str
    """The name of the check that must find it: a key of CHECKS, or a promise of policy.py."""
    breaks: str
    """What goes wrong in Azure, in a few words."""
    stack: str = "environment"
    environment: str = "dev"
    case: Case = ISOLATED

    def __str__(self) -> str:
        return f"{self.breaks.replace(' ', '-')}-{self.iac}"


Check = Callable[[Mutation, Path], Iterator[str]]


def _stack(mutation: Mutation) -> Stack:
    return next(stack for stack in mutation.case.stacks() if stack.name == mutation.stack)


def _promises(mutation: Mutation, project: Path) -> Iterator[str]:
    resources = MADE[mutation.iac](project, mutation.environment, _stack(mutation))
    for fault in faults(built(project, mutation.environment, resources), _stack(mutation)):
        if fault.startswith(f"{mutation.check}:"):
            yield fault


def _lists(mutation: Mutation, project: Path) -> Iterator[str]:
    resources = MADE[mutation.iac](project, mutation.environment, _stack(mutation))
    yield from refused(resources, merged(project, mutation.environment)["ci"]["autoscale_role_id"])


def _refused(mutation: Mutation, project: Path) -> Iterator[str]:
    try:
        MADE[mutation.iac](project, mutation.environment, _stack(mutation))
    except (Refused, CompileError) as error:
        yield str(error)


def _azapi(mutation: Mutation, project: Path) -> Iterator[str]:
    resources = MADE["terraform"](project, mutation.environment, _stack(mutation))
    yield from azapi.refused(resources, project / "azapi")


def _compiler(mutation: Mutation, project: Path) -> Iterator[str]:
    try:
        yield from compiler().compile(project / "infra" / _stack(mutation).entry.replace("param", "")).diagnostics
    except CompileError as error:
        yield str(error)


def _order(mutation: Mutation, project: Path) -> Iterator[str]:
    yield from (order.faults_in_terraform if mutation.iac == "terraform" else order.faults_in_bicep)(project)


def _static(mutation: Mutation, project: Path) -> Iterator[str]:
    yield from static.faults(project / "infra")


CHECKS: dict[str, Check] = {
    "lists": _lists,  # reference: what Azure Monitor, Azure ML and azurerm know
    "refused": _refused,  # azurerm's own rules, in the real Terraform; types and rules of Bicep
    "azapi": _azapi,  # Azure's types, for what azapi sends
    "compiler": _compiler,  # build and lint
    "order": _order,
    "static": _static,  # settings of Terraform that no resource shows
}


def caught(mutation: Mutation, project: Path, folder: Path) -> list[str]:
    """What the mutation's check says against a copy of a filled-in project with the mistake in it."""
    target = folder / "mutated"
    shutil.copytree(project, target)
    path = target / "infra" / mutation.file
    text = path.read_text()
    assert mutation.old in text, f"{mutation.file} does not hold {mutation.old!r}"
    path.write_text(text.replace(mutation.old, mutation.new, 1))
    return list(CHECKS.get(mutation.check, _promises)(mutation, target))


def _both(file: str, old: str, new: str, check: str, breaks: str, **of: str) -> list[Mutation]:
    """A mistake in a table, which every language reads."""
    languages = ("terraform", "bicep")
    return [
        Mutation(iac, f"tables/{file}", old, new, check, breaks, of.get("stack", "environment")) for iac in languages
    ]


_ONLINE: dict[str, Any] = {"stack": "endpoint-online"}

# Values that Azure or azurerm does not know: what slipped through when lists were written from memory.
SLIPPED = [
    *_both("logs.yml", "AmlComputeJobEvent", "AmlDeploymentEvent", "lists", "a table in place of a log category"),
    *_both("logs.yml", "ModelsChangeEvent", "AmlModelsEvent", "lists", "another table in place of a category"),
    *_both("logs.yml", "StorageWrite", "StorageWrites", "lists", "a log category of blobs that is none"),
    *_both("logs.yml", "AuditEvent", "AuditEvents", "lists", "a log category of vaults that is none"),
    *_both(
        "logs.yml", "AmlOnlineEndpointEventLog", "AmlOnlineEndpointEvents", "lists", "an endpoint's category", **_ONLINE
    ),
    *_both("logs.yml", "RegistryAssetReadEvent", "ModelsReadEvent", "static", "a category of another type"),
    *_both("alerts.yml", "metric: Failed Runs", "metric: FailedRuns", "lists", "a metric of API v1"),
    *_both("alerts.yml", "RequestLatency_P95", "RequestLatencyP95", "lists", "a metric of endpoints", **_ONLINE),
    *_both("alerts.yml", "CpuUtilizationPercentage", "CpuUtilization", "lists", "a metric of deployments", **_ONLINE),
    *_both("alerts.yml", "split: [ClusterName]", "split: [NodeId]", "lists", "a dimension that the metric lacks"),
    *_both("alerts.yml", "statusCodeClass", "statusCodeFamily", "lists", "a dimension of requests", **_ONLINE),
    *_both("alerts.yml", "aggregation: Total", "aggregation: Sum", "refused", "an aggregation that Azure lacks"),
    Mutation(
        "terraform",
        "tables/alerts.yml",
        "aggregation: Maximum",
        "aggregation: Count",
        "lists",
        "an aggregation that the metric lacks",
    ),
    Mutation(
        "bicep",
        "tables/alerts.yml",
        "aggregation: Maximum",
        "aggregation: Count",
        "refused",
        "an aggregation that the metric lacks",
    ),
    Mutation(
        "terraform", "tables/alerts.yml", "ServiceHealth", "ServiceIssue", "refused", "a category of the activity log"
    ),
    Mutation("bicep", "tables/alerts.yml", "ServiceHealth", "ServiceIssue", "lists", "a category of the activity log"),
    *_both(
        "network.yml", "subresource: amlworkspace", "subresource: workspace", "refused", "a sub-resource of workspaces"
    ),
    *_both("network.yml", "subresource: queue", "subresource: queues", "lists", "a sub-resource of a rule"),
    *_both("network.yml", "subresource: vault", "subresource: keyvault", "refused", "a sub-resource of vaults"),
    *_both(
        "roles.yml",
        "7f951dda-4ed3-4680-a7ca-43fe172d538d",
        "7f951dda-4ed3-4680-a7ca-43fe172d538e",
        "lists",
        "a role that is none",
    ),
    *_both(
        "roles.yml",
        "acdd72a7-3385-48ef-bd42-f606fba81ae7",
        "b24988ac-6180-42a0-ab88-20f7382dd24c",
        "static",
        "a role under another name",
    ),
    Mutation("terraform", "security.tf", '"standard"', '"basic"', "refused", "a SKU of vaults that is none"),
    Mutation("terraform", "monitoring.tf", '"PerGB2018"', '"Free"', "refused", "a retired SKU of Log Analytics"),
    Mutation(
        "terraform", "modules/storage/main.tf", '"TLS1_2"', '"TLS1_1"', "refused", "a TLS version that azurerm lacks"
    ),
    Mutation(
        "terraform", "modules/storage/main.tf", '["AzureServices"]', '["Azure"]', "refused", "a bypass that is none"
    ),
    Mutation("terraform", "alerts.tf", '"PT15M"', '"PT10M"', "refused", "a window that metric alerts lack"),
    Mutation("terraform", "alerts.tf", '"Count"', '"Sum"', "refused", "an aggregation of query alerts"),
    Mutation("terraform", "alerts.tf", "0, 12)", '0, 32)}-action-group"', "refused", "a short name that is too long"),
    Mutation("terraform", "workspace.tf", 'create = "90m"', 'create = "30m"', "refused", "a create that times out"),
    Mutation("terraform", "compute.tf", '"Dedicated"', '"Reserved"', "refused", "a priority that is none"),
    Mutation("terraform", "alerts.tf", '"Forecasted"', '"Forecast"', "refused", "a kind of threshold that is none"),
    Mutation(
        "terraform",
        "network.tf",
        "outboundRules@2025-06-01",
        "outboundRules@2025-06-02",
        "lists",
        "an API version of rules",
    ),
    Mutation("terraform", "network.tf", "serviceResourceId", "resourceId", "azapi", "a property that a rule lacks"),
    Mutation(
        "terraform", "compute.tf", '"ComputeInstance"', '"Workstation"', "azapi", "a kind of compute that is none"
    ),
    Mutation(
        "bicep",
        "modules/security.bicep",
        "name: 'standard'",
        "name: 'basic'",
        "compiler",
        "a SKU of vaults that is none",
    ),
    Mutation("bicep", "modules/monitoring.bicep", "'PerGB2018'", "'PerGB'", "lists", "a SKU of Log Analytics"),
    Mutation("bicep", "modules/storage.bicep", "'Standard_${", "'Basic_${", "lists", "a SKU of storage that is none"),
    Mutation("bicep", "modules/storage.bicep", "'TLS1_2'", "'TLS1_4'", "lists", "a TLS version that is none"),
    Mutation("bicep", "modules/metric-alerts.bicep", "'PT15M'", "'PT10M'", "lists", "a window that metric alerts lack"),
    Mutation("bicep", "modules/compute.bicep", "'Dedicated'", "'Reserved'", "lists", "a priority that is none"),
    Mutation(
        "bicep",
        "modules/outbound-rules.bicep",
        "outboundRules@2025-06-01' =",
        "outboundRules@2025-06-02' =",
        "compiler",
        "an API version of rules",
    ),
    Mutation(
        "bicep",
        "modules/workspace.bicep",
        "provisionNetworkNow",
        "provisionNetwork",
        "compiler",
        "a property that workspaces lack",
    ),
    Mutation(
        "bicep",
        "modules/deployment.bicep",
        "timeGrain: 'PT1M'",
        "timeGrain: 'PT2M'",
        "lists",
        "a time grain that is none",
        **_ONLINE,
    ),
    Mutation(
        "terraform",
        "endpoint/main.tf",
        'time_grain         = "PT1M"',
        'time_grain         = "PT2M"',
        "lists",
        "a time grain that is none",
        **_ONLINE,
    ),
]

# Mistakes that Azure would take.
TAKEN = [
    *_both(
        "roles.yml",
        'role: Storage Blob Data Reader, "on": data_lake, why: reads data',
        'role: Storage Blob Data Contributor, "on": data_lake, in: [prod], why: reads data',
        "static",
        "jobs that write all data",
    ),
    *_both(
        "network.yml",
        "{name: blob, ",
        "{name: blobs, ",
        "everybody_has_the_rights_they_need_and_no_others",
        "a role on an endpoint that is not there",
    ),
    Mutation(
        "terraform",
        "modules/storage/main.tf",
        "shared_access_key_enabled        = false",
        "shared_access_key_enabled        = true",
        "keys_are_refused",
        "keys that open storage",
    ),
    Mutation(
        "terraform",
        "modules/storage/main.tf",
        "for_each = var.admitted_ids",
        "for_each = []",
        "closed_means_closed",
        "a registry that cannot read models",
    ),
    Mutation(
        "terraform",
        "security.tf",
        'local.closed ? "Deny"',
        '!local.closed ? "Deny"',
        "closed_means_closed",
        "a vault that is open",
    ),
    Mutation(
        "terraform",
        "identities.tf",
        'local.subjects["plan"]',
        'local.subjects["ci"]',
        "only_ci_of_this_environment_signs_in",
        "two identities with one subject",
    ),
    Mutation(
        "terraform",
        "roles.tf",
        "GuidNotEquals",
        "GuidEquals",
        "no_identity_gives_itself_a_role",
        "an identity that gives itself roles",
    ),
    Mutation(
        "terraform",
        "alerts.tf",
        "threshold      = 80",
        "threshold      = 180",
        "the_budget_is_told_before_it_is_spent",
        "a budget that tells too late",
    ),
    Mutation(
        "terraform",
        "network.tf",
        "  locks     = [azurerm_machine_learning_workspace.main.id]\n",
        "",
        "static",
        "rules that remove one another",
    ),
    Mutation(
        "terraform",
        "compute.tf",
        "  depends_on = [azapi_resource.outbound_rule, azapi_resource.approved_host]\n",
        "",
        "order",
        "a cluster before the rules",
    ),
    Mutation(
        "terraform",
        "identities.tf",
        "  depends_on = [azurerm_federated_identity_credential.ci]\n",
        "",
        "order",
        "credentials at the same time",
    ),
    Mutation(
        "terraform",
        "network.tf",
        "  depends_on = [azurerm_role_assignment.main]\n",
        "",
        "order",
        "rules before the roles",
    ),
    Mutation(
        "terraform",
        "modules/storage/main.tf",
        "prevent_destroy = true",
        "prevent_destroy = false",
        "static",
        "data that a plan destroys",
    ),
    Mutation(
        "terraform",
        "versions.tf",
        "disable_generated_rule = true",
        "disable_generated_rule = false",
        "static",
        "a group that cannot be destroyed",
    ),
    Mutation(
        "terraform",
        "monitoring.tf",
        "local_authentication_enabled = true",
        "local_authentication_enabled = false",
        "keys_are_refused",
        "telemetry that is dropped",
    ),
    Mutation(
        "bicep",
        "modules/storage.bicep",
        "allowSharedKeyAccess: false",
        "allowSharedKeyAccess: true",
        "keys_are_refused",
        "keys that open storage",
    ),
    Mutation(
        "bicep",
        "modules/storage.bicep",
        "onlyRegistry ? [{ resourceId: registryId, tenantId: tenant().tenantId }] : []",
        "[]",
        "closed_means_closed",
        "a registry that cannot read models",
    ),
    Mutation(
        "bicep",
        "modules/security.bicep",
        "closed ? 'Deny'",
        "!closed ? 'Deny'",
        "closed_means_closed",
        "a vault that is open",
    ),
    Mutation(
        "bicep",
        "main.bicep",
        "ci.subjects[?who]}'",
        "ci.subjects.?ci}'",
        "only_ci_of_this_environment_signs_in",
        "two identities with one subject",
    ),
    Mutation(
        "bicep",
        "modules/roles.bicep",
        "GuidNotEquals",
        "GuidEquals",
        "no_identity_gives_itself_a_role",
        "an identity that gives itself roles",
    ),
    Mutation(
        "bicep",
        "modules/alerts.bicep",
        "threshold: 80",
        "threshold: 180",
        "the_budget_is_told_before_it_is_spent",
        "a budget that tells too late",
    ),
    Mutation(
        "bicep",
        "main.bicep",
        "dependsOn: [workspace, roles, outboundRules]",
        "dependsOn: [workspace, roles]",
        "order",
        "a cluster before the rules",
    ),
    Mutation(
        "bicep",
        "main.bicep",
        "dependsOn: [workspace, roles]",
        "dependsOn: [workspace]",
        "order",
        "rules before the roles",
    ),
    Mutation("bicep", "modules/identities.bicep", "@batchSize(1)\n", "", "order", "credentials at the same time"),
    Mutation("bicep", "modules/outbound-rules.bicep", "@batchSize(1)\n", "", "order", "rules that remove one another"),
    Mutation(
        "bicep",
        "modules/monitoring.bicep",
        "DisableLocalAuth: false",
        "DisableLocalAuth: true",
        "keys_are_refused",
        "telemetry that is dropped",
    ),
    Mutation(
        "bicep",
        "modules/compute.bicep",
        "minNodeCount: 0",
        "minNodeCount: 1",
        "clusters_are_the_configurations",
        "a node that is always paid",
    ),
    Mutation(
        "bicep",
        "registry.bicep",
        "closed ? 'Disabled'",
        "!closed ? 'Disabled'",
        "the_registry_is_reached_as_its_environments_are",
        "a registry that is open",
        stack="registry",
        environment="prod",
    ),
    Mutation(
        "terraform",
        "registry/main.tf",
        'local.closed ? "Disabled" : "Enabled"',
        '"Enabled"',
        "the_registry_is_reached_as_its_environments_are",
        "a registry that is open",
        stack="registry",
        environment="prod",
    ),
]

# In the compiled files, which a project with ARM keeps as its own.
COMPILED = [
    Mutation(
        "arm", "main.json", "AmlComputeJobEvent", "AmlDeploymentEvent", "lists", "a table in place of a log category"
    ),
    Mutation("arm", "main.json", '"queue"', '"queues"', "lists", "a sub-resource of a rule"),
    Mutation(
        "arm", "main.json", '"allowSharedKeyAccess": false', '"allowSharedKeyAccess": true', "keys_are_refused", "keys"
    ),
    Mutation("arm", "main.json", "GuidNotEquals", "GuidEquals", "no_identity_gives_itself_a_role", "an own role"),
]

MUTATIONS = [*SLIPPED, *TAKEN, *COMPILED]
