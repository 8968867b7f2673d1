"""What the infrastructure promises, said once and apart from both flavours: keys, networks, logs, alerts, rights.

Each function takes what one stack makes of a configuration, and yields what is wrong with it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from tests.infra.cases import Stack
from tests.infra.resource import SUBSCRIPTION, Resource, arm_id, callback_url, group_id, kind_of, stand_in
from tests.infra.table import whole

_ML = "Microsoft.MachineLearningServices/workspaces"
_ENDPOINT = f"{_ML}/onlineEndpoints"
_LOGIC_APP = "Microsoft.Logic/workflows"
_ROLE = "Microsoft.Authorization/roleAssignments"


@dataclass(frozen=True)
class Built:
    """What one stack makes of one environment's configuration."""

    resources: list[Resource]
    config: Mapping[str, Any]

    def of(self, *kinds: str) -> list[Resource]:
        return [resource for resource in self.resources if resource.kind in kinds]

    def named(self, key: str, kind: str) -> str:
        """The ID of a resource that the configuration names."""
        names = self.config["names"]
        return arm_id(kind, names[key], names["resource_group"])

    @property
    def mode(self) -> str:
        return str(self.config["network"]["mode"])

    @property
    def closed(self) -> bool:
        return self.mode != "public"

    @property
    def environment(self) -> str:
        return str(self.config["environment"])

    @cached_property
    def events_leave(self) -> bool:
        azure_devops = self.config["ci"]["system"] == "azure_devops"
        return azure_devops or not self.closed or self.config["events"].get("token_vault_id") is not None

    @cached_property
    def places(self) -> dict[str, str]:
        """What roles are given on, by a short name."""
        registry = self.config["registry"]
        found = {
            "workspace": self.named("workspace", _ML),
            "storage": self.named("storage_account", "Microsoft.Storage/storageAccounts"),
            "data_lake": self.named("data_lake", "Microsoft.Storage/storageAccounts"),
            "container_registry": self.named("container_registry", "Microsoft.ContainerRegistry/registries"),
            "log_analytics": self.named("log_analytics", "Microsoft.OperationalInsights/workspaces"),
            "resource_group": group_id(self.config["names"]["resource_group"]),
            "ml_registry": arm_id(
                "Microsoft.MachineLearningServices/registries", registry["name"], registry["resource_group"]
            ),
            "ml_registry_group": group_id(registry["managed_resource_group"] or "none"),
        }
        if registry["subscription_id"]:
            for name in ("ml_registry", "ml_registry_group"):
                found[name] = found[name].replace(SUBSCRIPTION, registry["subscription_id"], 1)
        for name in ("jobs", "endpoint"):
            found[f"identity_{name}"] = self.named(
                f"identity_{name}", "Microsoft.ManagedIdentity/userAssignedIdentities"
            )
        for name in ("blob", "file"):
            endpoint = f"pe-{self.config['names']['workspace']}-{name}"
            found[f"{name}_endpoint"] = arm_id(
                "Microsoft.Network/privateEndpoints", endpoint, self.config["names"]["resource_group"]
            )
        if self.config["ci"]["system"] == "github":
            events = self.config["events"]
            vault = events.get("token_vault_id") or self.named("key_vault", "Microsoft.KeyVault/vaults")
            found["github_token"] = f"{vault}/secrets/{events['token_secret']}"
        return found

    @cached_property
    def actors(self) -> dict[str, str]:
        """Who acts, by object ID."""
        kind = "Microsoft.ManagedIdentity/userAssignedIdentities"
        ids = {name: self.named(f"identity_{name}", kind) for name in ("jobs", "endpoint", "ci")}
        ids |= {"workspace": self.places["workspace"], "events": self.named("logic_app", _LOGIC_APP)}
        groups = {id: name for name, id in (self.config["groups"] or {}).items() if id is not None}
        return {stand_in(id, "principalId"): name for name, id in ids.items()} | groups


def at(body: Any, path: str) -> Any:
    """The value at a path of a body; None where there is none."""
    for step in path.split("."):
        if not isinstance(body, Mapping):
            return None
        body = body.get(step)
    return body


def _wrong(resource: Resource, path: str, expected: Any) -> Iterator[str]:
    value = at(resource.body, path)
    if value != expected:
        yield f"{resource.kind} {resource.name}: {path} is {value!r}, not {expected!r} ({resource.address})"


# What Azure would otherwise allow, or not do.
IDENTITY_ONLY: dict[str, dict[str, Any]] = {
    "Microsoft.ContainerRegistry/registries": {"properties.adminUserEnabled": False},
    "Microsoft.Insights/components": {"properties.DisableLocalAuth": True},
    "Microsoft.KeyVault/vaults": {
        "properties.enableRbacAuthorization": True,
        "properties.enablePurgeProtection": True,
        "properties.softDeleteRetentionInDays": 90,
    },
    _ML: {"properties.systemDatastoresAuthMode": "Identity"},
    f"{_ML}/computes": {"properties.disableLocalAuth": True},
    f"{_ML}/datastores": {
        "properties.serviceDataAccessAuthIdentity": "None",
        "properties.credentials.credentialsType": "None",
    },
    "Microsoft.OperationalInsights/workspaces": {"properties.features.disableLocalAuth": True},
    "Microsoft.Storage/storageAccounts": {
        "properties.allowSharedKeyAccess": False,
        "properties.isLocalUserEnabled": False,
        "properties.defaultToOAuthAuthentication": True,
        "properties.allowBlobPublicAccess": False,
        "properties.allowCrossTenantReplication": False,
        "properties.minimumTlsVersion": "TLS1_2",
        "properties.networkAcls.bypass": "AzureServices",
    },
    "Microsoft.Storage/storageAccounts/blobServices": {
        "properties.deleteRetentionPolicy.enabled": True,
        "properties.deleteRetentionPolicy.days": 14,
        "properties.containerDeleteRetentionPolicy.enabled": True,
        "properties.containerDeleteRetentionPolicy.days": 14,
    },
}


def keys_are_refused(built: Built) -> Iterator[str]:
    for resource in built.resources:
        for path, expected in IDENTITY_ONLY.get(resource.kind, {}).items():
            yield from _wrong(resource, path, expected)
    for account in built.of("Microsoft.Storage/storageAccounts"):
        if at(account.body, "properties.supportsHttpsTrafficOnly") is False:
            yield f"{account.name} answers without TLS"
    for container in built.of("Microsoft.Storage/storageAccounts/blobServices/containers"):
        if at(container.body, "properties.publicAccess") not in (None, "None"):
            yield f"container {container.name} is public"
    for registry in built.of("Microsoft.ContainerRegistry/registries"):
        if at(registry.body, "properties.anonymousPullEnabled"):
            yield f"{registry.name} lets anybody pull"
    for cluster in built.of(f"{_ML}/computes"):
        if at(cluster.body, "properties.computeType") == "AmlCompute":
            yield from _wrong(cluster, "properties.properties.remoteLoginPortPublicAccess", "Disabled")


def old_versions_of_the_workspaces_own_blobs_are_kept_for_a_while(built: Built) -> Iterator[str]:
    own, lake = built.places["storage"], built.places["data_lake"]
    for service in built.of("Microsoft.Storage/storageAccounts/blobServices"):
        kept = at(service.body, "properties.isVersioningEnabled") is True
        if kept != service.id.startswith(f"{own}/"):
            yield f"versions of {service.id} are {'kept' if kept else 'lost'}"
    policies = built.of("Microsoft.Storage/storageAccounts/managementPolicies")
    if [policy.id for policy in policies] != [f"{own}/managementPolicies/default"]:
        yield f"old versions are deleted in {[policy.id for policy in policies]}"
    for policy in policies:
        (rule,) = policy.body["properties"]["policy"]["rules"]
        if at(rule, "definition.actions.version.delete.daysAfterCreationGreaterThan") != 30 or not rule["enabled"]:
            yield f"old versions are deleted by {rule}"
        if at(rule, "definition.actions.baseBlob.delete.daysAfterModificationGreaterThan") is not None:
            yield "what is in use is deleted"
    for account in built.of("Microsoft.Storage/storageAccounts"):
        if bool(at(account.body, "properties.isHnsEnabled")) != (account.id == lake):
            yield f"{account.name} has the wrong kind of folders"


def closed_means_closed(built: Built) -> Iterator[str]:
    public = "Disabled" if built.closed else "Enabled"
    kinds = (
        "Microsoft.ContainerRegistry/registries",
        "Microsoft.KeyVault/vaults",
        "Microsoft.Storage/storageAccounts",
        _ML,
    )
    for resource in built.of(*kinds):
        yield from _wrong(resource, "properties.publicNetworkAccess", public)
    for resource in built.of("Microsoft.KeyVault/vaults", "Microsoft.Storage/storageAccounts"):
        yield from _wrong(resource, "properties.networkAcls.defaultAction", "Deny" if built.closed else "Allow")
        if at(resource.body, "properties.networkAcls.ipRules"):
            yield f"{resource.name} is open to addresses"
    isolation = {"public": "Disabled", "managed": "AllowInternetOutbound", "isolated": "AllowOnlyApprovedOutbound"}
    for workspace in built.of(_ML):
        yield from _wrong(workspace, "properties.managedNetwork.isolationMode", isolation[built.mode])
        if bool(at(workspace.body, "properties.provisionNetworkNow")) != built.closed:
            yield "the managed network is made at the wrong time"
        builds = built.config["cpu_cluster"]["name"] if built.closed else None
        if at(workspace.body, "properties.imageBuildCompute") != builds:
            yield "images are built in the wrong place"
    for cluster in built.of(f"{_ML}/computes"):
        if at(cluster.body, "properties.computeType") == "AmlCompute":
            yield from _wrong(cluster, "properties.properties.enableNodePublicIp", not built.closed)


# What people and CI reach from the network, by the name of the endpoint; the last one in isolated networks only.
PRIVATE_ENDPOINTS = {
    "workspace": ("workspace", "amlworkspace", {"privatelink.api.azureml.ms", "privatelink.notebooks.azure.net"}),
    "blob": ("storage", "blob", {"privatelink.blob.core.windows.net"}),
    "file": ("storage", "file", {"privatelink.file.core.windows.net"}),
    "lake-blob": ("data_lake", "blob", {"privatelink.blob.core.windows.net"}),
    "lake-dfs": ("data_lake", "dfs", {"privatelink.dfs.core.windows.net"}),
    "registry": ("container_registry", "registry", {"privatelink.azurecr.io"}),
    "vault": ("key_vault", "vault", {"privatelink.vaultcore.azure.net"}),
    "ml-registry": ("ml_registry", "amlregistry", {"privatelink.api.azureml.ms"}),
}


def _needed_endpoints(built: Built) -> set[str]:
    return set(PRIVATE_ENDPOINTS) - ({"ml-registry"} if built.mode != "isolated" else set()) if built.closed else set()


def everything_closed_has_its_private_endpoint(built: Built) -> Iterator[str]:
    network = built.config["network"]
    workspace = built.config["names"]["workspace"]
    places = built.places | {"key_vault": built.named("key_vault", "Microsoft.KeyVault/vaults")}
    found = {resource.name: resource for resource in built.of("Microsoft.Network/privateEndpoints")}
    needed = {f"pe-{workspace}-{name}": PRIVATE_ENDPOINTS[name] for name in _needed_endpoints(built)}
    if found.keys() != needed.keys():
        yield f"private endpoints: {sorted(found.keys() ^ needed.keys())}"
    own = network.get("address_space") is not None
    subnet = (
        f"{built.named('virtual_network', 'Microsoft.Network/virtualNetworks')}/subnets/endpoints"
        if own
        else network.get("subnet_id")
    )
    groups = {resource.id: resource for resource in built.of("Microsoft.Network/privateEndpoints/privateDnsZoneGroups")}
    for name, endpoint in found.items():
        place, part, zones = needed.get(name, ("", "", set()))
        (connection,) = endpoint.body["properties"]["privateLinkServiceConnections"]
        reached = (
            at(connection, "properties.privateLinkServiceId"),
            at(connection, "properties.groupIds"),
            at(endpoint.body, "properties.subnet.id"),
        )
        if reached != (places.get(place), [part], subnet):
            yield f"{name} reaches {reached}"
        if own or network.get("private_dns_zone_ids"):
            group = groups.get(f"{endpoint.id}/privateDnsZoneGroups/default")
            configs = group.body["properties"]["privateDnsZoneConfigs"] if group else []
            registered = {at(config, "properties.privateDnsZoneId").rsplit("/", 1)[1] for config in configs}
            if registered != zones:
                yield f"{name} is registered in {sorted(registered)}"
    if not own and not network.get("private_dns_zone_ids") and groups:
        yield "a policy registers the endpoints, and so does this"


def a_network_of_its_own_has_all_zones_and_lets_nobody_out(built: Built) -> Iterator[str]:
    network = built.config["network"]
    own = built.closed and network["address_space"] is not None
    zones = {zone for name in _needed_endpoints(built) for zone in PRIVATE_ENDPOINTS[name][2]}
    found = {zone.name for zone in built.of("Microsoft.Network/privateDnsZones")}
    if found != (zones if own else set()):
        yield f"private zones: {sorted(found)}"
    links = built.of("Microsoft.Network/privateDnsZones/virtualNetworkLinks")
    if len(links) != len(found):
        yield f"{len(links)} links of {len(found)} zones"
    for link in links:
        yield from _wrong(link, "properties.registrationEnabled", False)
        at_home = built.named("virtual_network", "Microsoft.Network/virtualNetworks")
        yield from _wrong(link, "properties.virtualNetwork.id", at_home)
    networks = built.of("Microsoft.Network/virtualNetworks")
    spaces = [at(one.body, "properties.addressSpace.addressPrefixes") for one in networks]
    if spaces != ([[network["address_space"]]] if own else []):
        yield f"virtual networks over {spaces}"
    for part in built.of("Microsoft.Network/virtualNetworks/subnets"):
        names = built.config["names"]
        group = f"nsg-{names['virtual_network']}"
        guarded = arm_id("Microsoft.Network/networkSecurityGroups", group, names["resource_group"])
        yield from _wrong(part, "properties.networkSecurityGroup.id", guarded)
    guards = built.of("Microsoft.Network/networkSecurityGroups")
    if len(guards) != len(networks):
        yield f"{len(guards)} network security groups"
    for one in guards:
        if at(one.body, "properties.securityRules"):
            yield f"{one.name} has rules"


def computes_leave_where_they_may(built: Built) -> Iterator[str]:
    rules = {rule.name: at(rule.body, "properties.destination") for rule in built.of(f"{_ML}/outboundRules")}
    endpoints = {
        "storage-queue": ("storage", "queue"),
        "storage-table": ("storage", "table"),
        "lake-blob": ("data_lake", "blob"),
        "lake-dfs": ("data_lake", "dfs"),
        "ml-registry": ("ml_registry", "amlregistry"),
    }
    if built.mode != "isolated":
        endpoints.pop("ml-registry")
    expected = {name: (built.places[place], part) for name, (place, part) in endpoints.items() if built.closed}
    found = {
        name: (rule["serviceResourceId"], rule["subresourceTarget"])
        for name, rule in rules.items()
        if isinstance(rule, Mapping)
    }
    if found != expected:
        yield f"outbound endpoints: {found}"
    hosts = sorted(rule for rule in rules.values() if isinstance(rule, str))
    if hosts != sorted(built.config["network"].get("approved_hosts") or []):
        yield f"outbound hosts: {hosts}"


# What is logged of each type that keeps data or acts; names are those of Azure Monitor's pages of supported logs.
LOGGED = {
    "Microsoft.ContainerRegistry/registries": {"ContainerRegistryLoginEvents", "ContainerRegistryRepositoryEvents"},
    "Microsoft.KeyVault/vaults": {"AuditEvent"},
    _LOGIC_APP: {"WorkflowRuntime"},
    _ML: {
        "AmlComputeClusterEvent",
        "AmlComputeJobEvent",
        "AmlRunStatusChangedEvent",
        "ModelsActionEvent",
        "ModelsChangeEvent",
    },
    "Microsoft.Storage/storageAccounts/blobServices": {"StorageWrite", "StorageDelete"},
}


def logs_are_kept(built: Built) -> Iterator[str]:
    sent: dict[str, set[str]] = {}
    for setting in built.of("Microsoft.Insights/diagnosticSettings"):
        yield from _wrong(setting, "properties.workspaceId", built.places["log_analytics"])
        logs = setting.body["properties"]["logs"]
        sent[str(setting.scope)] = {log["category"] for log in logs if log.get("enabled")}
    for resource in built.of(*LOGGED):
        if sent.pop(resource.id, set()) != LOGGED[resource.kind]:
            yield f"{resource.kind} {resource.name}: its logs are not sent, or others"
    if sent:
        yield f"logs of {sorted(sent)}"
    for place in built.of("Microsoft.OperationalInsights/workspaces"):
        yield from _wrong(place, "properties.retentionInDays", built.config["sizes"]["log_retention_days"])


def the_callback_address_is_where_it_has_to_be(built: Built) -> Iterator[str]:
    """It holds a key: who knows it can call the Logic App."""
    allowed = {
        "Microsoft.Insights/actionGroups": r'"callbackUrl": "[^"]*"',
        "Microsoft.EventGrid/systemTopics/eventSubscriptions": r'"endpointUrl": "[^"]*"',
        _LOGIC_APP: r'"workflowUrl": \{"value": "[^"]*"\}',
    }
    for resource in built.resources:
        text = json.dumps(resource.body, default=str)
        if "sig=" in re.sub(allowed.get(resource.kind, "(?!)"), "", text):
            yield f"{resource.kind} {resource.name} holds the Logic App's address"
    for app in built.of(_LOGIC_APP):
        for name, given in (at(app.body, "properties.parameters") or {}).items():
            declared = str(app.body["properties"]["definition"]["parameters"][name]["type"])
            if "sig=" in json.dumps(given) and not declared.lower().startswith("secure"):
                yield f"{app.name}: parameter {name} is no secret to Azure"


# Azure's names of what is measured, with the dimensions of each: its documentation of supported metrics.
METRICS: dict[str, dict[str, set[str]]] = {
    _ML: {
        "Failed Runs": {"Scenario", "RunType", "ComputeType", "ExperimentName"},
        "Model Deploy Failed": {"Scenario", "StatusCode"},
        "Quota Utilization Percentage": {"Scenario", "ClusterName", "VmFamilyName", "VmPriority"},
        "Unusable Nodes": {"Scenario", "ClusterName"},
    },
    _ENDPOINT: {
        "DataCollectionErrorsPerMinute": {"deployment", "reason", "type"},
        "RequestLatency_P95": {"deployment"},
        "RequestsPerMinute": {"deployment", "statusCode", "statusCodeClass", "modelStatusCode"},
    },
    f"{_ENDPOINT}/deployments": {
        "CpuMemoryUtilizationPercentage": {"instanceId"},
        "CpuUtilizationPercentage": {"instanceId"},
        "DeploymentCapacity": {"instanceId", "State"},
        "DiskUtilization": {"instanceId"},
        "GpuMemoryUtilizationPercentage": {"instanceId"},
        "GpuUtilizationPercentage": {"instanceId"},
    },
    _LOGIC_APP: {"RunsFailed": set()},
}


def alerts_measure_what_there_is_and_tell_somebody(built: Built) -> Iterator[str]:
    main = built.named("action_group", "Microsoft.Insights/actionGroups")
    mail = built.named("action_group_mail", "Microsoft.Insights/actionGroups")
    for alert in built.of("Microsoft.Insights/metricAlerts"):
        said = alert.body["properties"]
        (scope,) = said["scopes"]
        (criterion,) = said["criteria"]["allOf"]
        kind = criterion["metricNamespace"]
        dimensions = {one["name"] for one in criterion.get("dimensions") or []}
        if kind_of(scope) != kind or criterion["metricName"] not in METRICS.get(kind, {}):
            yield f"{alert.name}: {kind_of(scope)} has no '{criterion['metricName']}' of {kind}"
        elif not dimensions <= METRICS[kind][criterion["metricName"]]:
            yield f"{alert.name}: '{criterion['metricName']}' is not split by {sorted(dimensions)}"
        told = [action["actionGroupId"] for action in said["actions"]]
        if told != [mail if kind == _LOGIC_APP else main]:
            yield f"{alert.name} is told to {told}"
        if said.get("enabled") is False or not said.get("description"):
            yield f"{alert.name} is switched off, or says nothing"
        if (said["severity"], said["evaluationFrequency"], said["windowSize"]) != (2, "PT5M", "PT15M"):
            yield f"{alert.name}: severity {said['severity']}, {said['evaluationFrequency']} over {said['windowSize']}"


def _alerts(built: Built) -> dict[str, tuple[str, str, str, float, dict[str, str]]]:
    found = {}
    for alert in built.of("Microsoft.Insights/metricAlerts"):
        (one,) = alert.body["properties"]["criteria"]["allOf"]
        split = {each["name"]: ",".join(each["values"]) for each in one.get("dimensions") or []}
        found[alert.name] = (one["metricName"], one["timeAggregation"], one["operator"], one["threshold"], split)
    return found


def an_environment_has_its_alerts(built: Built) -> Iterator[str]:
    workspace = built.config["names"]["workspace"]
    above = "GreaterThan"
    expected: dict[str, Any] = {
        f"failed-job-{workspace}": ("Failed Runs", "Total", above, 0, {}),
        f"failed-deployment-{workspace}": ("Model Deploy Failed", "Total", above, 0, {}),
        f"unusable-node-{workspace}": ("Unusable Nodes", "Maximum", above, 0, {"ClusterName": "*"}),
        f"quota-{workspace}": (
            "Quota Utilization Percentage",
            "Average",
            above,
            built.config["thresholds"]["quota_percent"],
            {"VmFamilyName": "*"},
        ),
    }
    if built.events_leave:
        expected[f"events-failed-{workspace}"] = ("RunsFailed", "Total", above, 0, {})
    yield from _differs("alerts", _alerts(built), expected)
    groups = built.of("Microsoft.Insights/actionGroups")
    app = built.named("logic_app", _LOGIC_APP)
    for group in groups:
        body = group.body["properties"]
        mails = [receiver["emailAddress"] for receiver in body.get("emailReceivers") or []]
        apps = [
            (receiver["name"], receiver["resourceId"], receiver["callbackUrl"])
            for receiver in body.get("logicAppReceivers") or []
        ]
        hears = built.events_leave and group.name == built.config["names"]["action_group"]
        if mails != [built.config["alert_email"]] or body.get("enabled") is False or len(body["groupShortName"]) > 12:
            yield f"{group.name}: {mails}"
        if apps != ([("logic-app", app, callback_url(f"{app}/triggers/event"))] if hears else []):
            yield f"{group.name}: Logic Apps {apps}"
    if {group.name for group in groups} != {
        built.config["names"]["action_group"],
        built.config["names"]["action_group_mail"],
    }:
        yield f"action groups: {[group.name for group in groups]}"


def _differs(what: str, found: Mapping[str, Any], expected: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted(found.keys() | expected.keys()):
        if found.get(name) != expected.get(name):
            yield f"{what}: {name} is {found.get(name)}, not {expected.get(name)}"


def the_budget_is_told_before_it_is_spent(built: Built) -> Iterator[str]:
    budgets = built.of("Microsoft.Consumption/budgets")
    amount = built.config["monthly_budget"]
    if [at(one.body, "properties.amount") for one in budgets] != ([] if amount is None else [amount]):
        yield f"budgets: {[one.body for one in budgets]}"
    main = built.named("action_group", "Microsoft.Insights/actionGroups")
    for budget in budgets:
        notices = sorted(
            (one["thresholdType"], one["operator"], one["threshold"], *one["contactGroups"])
            for one in budget.body["properties"]["notifications"].values()
            if one["enabled"]
        )
        if notices != [("Actual", "GreaterThan", 80, main), ("Forecasted", "GreaterThan", 100, main)]:
            yield f"the budget is told {notices}"
        if budget.scope != built.places["resource_group"]:
            yield f"the budget is {budget.scope}'s"


# What is heard, where, and under which filter.
EVENTS: dict[str, tuple[tuple[str, ...], str, str]] = {
    "model-registered": (
        ("dev", "staging"),
        "workspace_events",
        "Microsoft.MachineLearningServices.ModelRegistered",
    ),
    "monitor-breach": (
        ("staging", "prod"),
        "workspace_events",
        "Microsoft.MachineLearningServices.RunStatusChanged",
    ),
    "data-arrived": (("prod",), "lake_events", "Microsoft.Storage.BlobCreated"),
}
_BREACH = "has failed due to one or more features violating metric thresholds"


def _filters(built: Built) -> dict[str, tuple[str | None, str | None, list[tuple[str, str, list[str]]]]]:
    events = built.config["events"]
    arrived = events["data_arrived"]
    return {
        "model-registered": (
            f"models/{events['model']}:",
            None,
            [("StringIn", "data.ModelTags.gate", ["passed", "overridden"])],
        ),
        "monitor-breach": (
            None,
            None,
            [("StringContains", "data.RunTags.azureml_modelmonitor_threshold_breached", [_BREACH])],
        ),
        "data-arrived": (
            f"/blobServices/default/containers/{arrived['container']}/",
            arrived["suffix"],
            [],
        ),
    }


def only_known_events_leave_azure(built: Built) -> Iterator[str]:
    pipelines = built.config["events"].get("pipelines")
    names = built.config["names"]
    heard = {
        name
        for name, (environments, _, _) in EVENTS.items()
        if built.events_leave
        and built.environment in environments
        and (pipelines is None or pipelines[name.replace("-", "_")] is not None)
    }
    subscriptions = {one.name: one for one in built.of("Microsoft.EventGrid/systemTopics/eventSubscriptions")}
    if subscriptions.keys() != heard:
        yield f"events heard: {sorted(subscriptions)}, not {sorted(heard)}"
    receiver = arm_id(_LOGIC_APP, f"{names['logic_app']}-in", names["resource_group"])
    for name, one in subscriptions.items():
        said = one.body["properties"]
        _, topic, kind = EVENTS[name]
        told = said["filter"]
        found = (
            told.get("subjectBeginsWith") or None,
            told.get("subjectEndsWith") or None,
            [(each["operatorType"], each["key"], each["values"]) for each in told.get("advancedFilters") or []],
        )
        if found != _filters(built)[name] or told["includedEventTypes"] != [kind]:
            yield f"{name} hears {told['includedEventTypes']} of {found}"
        if f"/systemTopics/{names[topic]}/" not in one.id:
            yield f"{name} hears {one.id}"
        target = said["destination"]
        if target["endpointType"] != "WebHook" or target["properties"]["endpointUrl"] != callback_url(
            f"{receiver}/triggers/event"
        ):
            yield f"{name} is told to {target}"
        if (
            at(said, "retryPolicy.maxDeliveryAttempts") != 30
            or at(said, "retryPolicy.eventTimeToLiveInMinutes") != 1440
        ):
            yield f"{name} is tried again {said.get('retryPolicy')}"
    topics = {topic.name: at(topic.body, "properties.source") for topic in built.of("Microsoft.EventGrid/systemTopics")}
    sources = {
        names["workspace_events"]: built.places["workspace"],
        names["lake_events"]: built.places["data_lake"],
    }
    yield from _differs("topics", topics, sources if built.events_leave else {})


def the_logic_app_knows_what_it_has_to(built: Built) -> Iterator[str]:
    names, config = built.config["names"], built.config
    apps = {app.name: app for app in built.of(_LOGIC_APP)}
    if apps.keys() != ({names["logic_app"], f"{names['logic_app']}-in"} if built.events_leave else set()):
        yield f"Logic Apps: {sorted(apps)}"
    if not built.events_leave or names["logic_app"] not in apps:
        return
    app = apps[names["logic_app"]]
    expected: dict[str, Any] = {
        "environment": built.environment,
        "workspaceId": built.places["workspace"],
        "dataLakeId": built.places["data_lake"],
        "model": config["events"]["model"],
        "coolDownMinutes": config["events"]["cool_down_minutes"],
    }
    if config["ci"]["system"] == "github":
        secret = built.places["github_token"].rsplit("/", 1)[1]
        vault = built.places["github_token"].split("/")[8]
        expected["repository"] = config["ci"]["repository"]
        expected["tokenUri"] = f"https://{vault}.vault.azure.net/secrets/{secret}?api-version=7.4"
    else:
        organisation, project, _ = config["ci"]["repository"].split("/")
        expected |= {
            "organisation": organisation,
            "project": project,
            "pipelines": config["events"]["pipelines"],
            "workItemType": config["events"]["work_item_type"],
        }
    given = {name: value["value"] for name, value in at(app.body, "properties.parameters").items()}
    yield from _differs("the Logic App's parameters", given, expected)
    yield from _wrong(app, "identity.type", "SystemAssigned")
    for each in apps.values():
        declared = each.body["properties"]["definition"]["parameters"].keys()
        if declared != at(each.body, "properties.parameters").keys():
            yield f"{each.name}: its definition wants {sorted(declared)}"
        if at(each.body, "properties.state") not in (None, "Enabled"):
            yield f"{each.name} is switched off"


def only_ci_of_this_environment_signs_in(built: Built) -> Iterator[str]:
    ci = built.config["ci"]
    subject = ci.get("subject") or (
        f"{ci['subject_prefix']}:environment:{built.environment}" if ci.get("subject_prefix") else None
    )
    issuer = ci.get("issuer") or "https://token.actions.githubusercontent.com"
    trusted = built.of("Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials")
    found = [
        (one.id.split("/")[-3], *(at(one.body, f"properties.{key}") for key in ("issuer", "subject", "audiences")))
        for one in trusted
    ]
    name = built.config["names"]["identity_ci"]
    if found != ([] if subject is None else [(name, issuer, subject, ["api://AzureADTokenExchange"])]):
        yield f"trusted: {found}"


def machines_act_as_the_right_identity(built: Built) -> Iterator[str]:
    jobs, endpoint = built.places["identity_jobs"], built.places["identity_endpoint"]
    for resource in built.of(f"{_ML}/computes", _ML):
        given = resource.body["identity"]
        kubernetes = at(resource.body, "properties.computeType") == "Kubernetes"
        kind = "SystemAssigned,UserAssigned" if resource.kind == _ML else "UserAssigned"
        ids = list(given["userAssignedIdentities"])
        if given["type"].replace(" ", "") != kind or ids != [endpoint if kubernetes else jobs]:
            yield f"{resource.name} acts as {given}"


def clusters_are_the_configurations(built: Built) -> Iterator[str]:
    found = {
        one.name: one.body["properties"]["properties"]
        for one in built.of(f"{_ML}/computes")
        if at(one.body, "properties.computeType") == "AmlCompute"
    }
    sizes = [built.config[key] for key in ("cpu_cluster", "gpu_cluster") if key in built.config]
    if found.keys() != {size["name"] for size in sizes}:
        yield f"clusters: {sorted(found)}"
    for size in sizes:
        one = found.get(size["name"], {})
        scale = (
            at(one, "vmSize"),
            at(one, "scaleSettings.minNodeCount"),
            at(one, "scaleSettings.maxNodeCount"),
            at(one, "scaleSettings.nodeIdleTimeBeforeScaleDown"),
            at(one, "vmPriority"),
        )
        if scale != (size["vm_size"], 0, size["max_nodes"], f"PT{size['idle_minutes']}M", "Dedicated"):
            yield f"{size['name']}: {scale}"


def containers_are_datastores(built: Built) -> Iterator[str]:
    kept = {
        one.name
        for one in built.of("Microsoft.Storage/storageAccounts/blobServices/containers")
        if one.id.startswith(f"{built.places['data_lake']}/")
    }
    if kept != set(built.config["data_lake"]["containers"]):
        yield f"containers: {sorted(kept)}"
    stores = {
        one.name: (at(one.body, "properties.accountName"), at(one.body, "properties.filesystem"))
        for one in built.of(f"{_ML}/datastores")
    }
    lake = built.config["names"]["data_lake"]
    yield from _differs("datastores", stores, {name.replace("-", "_"): (lake, name) for name in kept})


def the_cluster_serves_over_tls(built: Built) -> Iterator[str]:
    wanted = (built.config.get("kubernetes") or {}).get("cluster_id")
    extensions = built.of("Microsoft.KubernetesConfiguration/extensions")
    attached = [one for one in built.of(f"{_ML}/computes") if at(one.body, "properties.computeType") == "Kubernetes"]
    if [one.scope for one in extensions] != ([wanted] if wanted else []):
        yield f"extensions: {[one.scope for one in extensions]}"
    if [at(one.body, "properties.resourceId") for one in attached] != ([wanted] if wanted else []):
        yield f"attached: {[one.body for one in attached]}"
    for one in extensions:
        asked = built.config["kubernetes"]
        expected = {
            "enableTraining": "false",
            "enableInference": "true",
            "allowInsecureConnections": "false",
            "inferenceRouterServiceType": "LoadBalancer",
            "inferenceRouterHA": str(asked["high_availability"]).lower(),
            "sslCname": asked["host"],
            "sslSecret": asked["tls_secret"],
        }
        if built.closed:
            expected["internalLoadBalancerProvider"] = "azure"
        yield from _differs("extension", at(one.body, "properties.configurationSettings"), expected)


def resources_carry_the_tags(built: Built) -> Iterator[str]:
    for resource in built.resources:
        if "location" in resource.body and resource.body.get("tags") != built.config["tags"]:
            yield f"{resource.kind} {resource.name}: tags {resource.body.get('tags')}"


# Microsoft's identifiers.
ROLES = {
    "AcrPull": "7f951dda-4ed3-4680-a7ca-43fe172d538d",
    "Azure AI Enterprise Network Connection Approver": "b556d68e-0be0-4f35-a333-ad7ee1ce17ea",
    "Azure AI Inference Deployment Operator": "3afb7f49-54cb-416e-8c09-6dc049efa503",
    "AzureML Compute Operator": "e503ece1-11d0-4e8e-8e2c-7a6c3bf38815",
    "AzureML Data Scientist": "f6c7c914-8db3-469d-8ca1-694a8f32e121",
    "AzureML Metrics Writer": "635dd51f-9968-44d3-b7fb-6d9a6bd613ae",
    "AzureML Registry User": "1823dd4f-9b8c-4ab6-ab4e-7397a3684615",
    "Contributor": "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
    "Log Analytics Reader": "73c42c96-874c-492b-b04d-ab87d138a893",
    "Managed Identity Operator": "f1a07417-d97a-45cb-824c-7a7467783830",
    "Monitoring Contributor": "749f88d5-cbae-40b8-bcfc-e573ddc772fa",
    "Reader": "acdd72a7-3385-48ef-bd42-f606fba81ae7",
    "Role Based Access Control Administrator": "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
    "Storage Blob Data Contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "Storage Blob Data Reader": "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    "Storage File Data Privileged Contributor": "69566ab7-960f-475b-8e7c-b3118f30c6bd",
    "Storage Queue Data Contributor": "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
    "Storage Table Data Contributor": "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
}

# Who, which role, on what, and when: a condition on what is built, in Python.
RIGHTS: list[tuple[str, str, str, Callable[[Built], bool]]] = [
    ("jobs", "Storage Blob Data Contributor", "storage", lambda b: True),
    ("jobs", "Storage Queue Data Contributor", "storage", lambda b: True),
    ("jobs", "Storage Table Data Contributor", "storage", lambda b: True),
    ("jobs", "Storage Blob Data Reader", "data_lake", lambda b: True),
    ("jobs", "AcrPull", "container_registry", lambda b: True),
    ("jobs", "AzureML Data Scientist", "workspace", lambda b: True),
    ("jobs", "Reader", "ml_registry", lambda b: True),
    ("endpoint", "Storage Blob Data Contributor", "storage", lambda b: True),
    ("endpoint", "AcrPull", "container_registry", lambda b: True),
    ("endpoint", "AzureML Metrics Writer", "workspace", lambda b: True),
    ("endpoint", "AcrPull", "ml_registry_group", lambda b: bool(b.config["registry"]["managed_resource_group"])),
    (
        "endpoint",
        "Storage Blob Data Reader",
        "ml_registry_group",
        lambda b: bool(b.config["registry"]["managed_resource_group"]),
    ),
    ("ci", "AzureML Data Scientist", "workspace", lambda b: True),
    ("ci", "Storage Blob Data Contributor", "storage", lambda b: True),
    ("ci", "Managed Identity Operator", "identity_jobs", lambda b: True),
    ("ci", "Managed Identity Operator", "identity_endpoint", lambda b: True),
    ("ci", "Azure AI Inference Deployment Operator", "resource_group", lambda b: True),
    ("ci", "Monitoring Contributor", "resource_group", lambda b: True),
    ("ci", "Contributor", "resource_group", lambda b: bool(b.config["ci"]["builds_infrastructure"])),
    (
        "ci",
        "Role Based Access Control Administrator",
        "resource_group",
        lambda b: bool(b.config["ci"]["builds_infrastructure"]),
    ),
    ("ci", "AzureML Registry User", "ml_registry", lambda b: b.environment in ("dev", "staging")),
    ("ci", "Reader", "ml_registry", lambda b: True),
    (
        "ci",
        "Reader",
        "ml_registry_group",
        lambda b: b.config["ci"]["builds_infrastructure"] and bool(b.config["registry"]["managed_resource_group"]),
    ),
    (
        "ci",
        "Reader",
        "github_token",
        lambda b: b.config["ci"]["builds_infrastructure"] and b.events_leave and b.config["ci"]["system"] == "github",
    ),
    ("workspace", "Reader", "blob_endpoint", lambda b: b.closed),
    ("workspace", "Reader", "file_endpoint", lambda b: b.closed),
    ("workspace", "Azure AI Enterprise Network Connection Approver", "storage", lambda b: b.closed),
    ("workspace", "Azure AI Enterprise Network Connection Approver", "data_lake", lambda b: b.closed),
    ("workspace", "Azure AI Enterprise Network Connection Approver", "ml_registry", lambda b: b.mode == "isolated"),
    (
        "events",
        "Key Vault Secrets User",
        "github_token",
        lambda b: b.events_leave and b.config["ci"]["system"] == "github",
    ),
    ("data_scientists", "AzureML Data Scientist", "workspace", lambda b: b.environment == "dev"),
    ("data_scientists", "Storage Blob Data Contributor", "storage", lambda b: b.environment == "dev"),
    ("data_scientists", "Storage File Data Privileged Contributor", "storage", lambda b: b.environment == "dev"),
    ("data_scientists", "Storage Blob Data Reader", "data_lake", lambda b: b.environment == "dev"),
    ("data_scientists", "Reader", "ml_registry", lambda b: b.environment == "dev"),
    ("data_scientists", "Reader", "workspace", lambda b: b.environment != "dev"),
    ("data_scientists", "Log Analytics Reader", "log_analytics", lambda b: b.environment != "dev"),
    ("ml_engineers", "AzureML Data Scientist", "workspace", lambda b: b.environment != "prod"),
    ("ml_engineers", "AzureML Compute Operator", "workspace", lambda b: b.environment != "prod"),
    ("ml_engineers", "Storage Blob Data Contributor", "storage", lambda b: b.environment != "prod"),
    ("ml_engineers", "Storage Blob Data Contributor", "data_lake", lambda b: b.environment != "prod"),
    ("ml_engineers", "AzureML Registry User", "ml_registry", lambda b: b.environment == "dev"),
    ("ml_engineers", "Reader", "workspace", lambda b: b.environment == "prod"),
    ("ml_engineers", "Log Analytics Reader", "log_analytics", lambda b: b.environment == "prod"),
]


def everybody_has_the_rights_they_need_and_no_others(built: Built) -> Iterator[str]:
    expected = set()
    if built.config["assign_roles"]:
        present = set(built.actors.values())
        expected = {
            (who, ROLES[role], built.places[on])
            for who, role, on, when in RIGHTS
            if who in present and on in built.places and when(built)
        }
    found = set()
    for one in built.of(_ROLE):
        said = one.body["properties"]
        who = built.actors.get(said["principalId"], said["principalId"])
        found.add((who, said["roleDefinitionId"].rsplit("/", 1)[1], one.scope))
        people = who in ("data_scientists", "ml_engineers")
        if said["principalType"] != ("Group" if people else "ServicePrincipal"):
            yield f"{who} is a {said['principalType']}"
        if not said["roleDefinitionId"].startswith(
            f"{'/'.join((one.scope or '').split('/')[:3])}/providers/Microsoft.Authorization/roleDefinitions/"
        ):
            yield f"{who}: {said['roleDefinitionId']}"
        if not said["description"]:
            yield f"nobody knows why {who} has {said['roleDefinitionId']}"
    for right in sorted(found ^ expected, key=str):
        yield f"{'too much' if right in found else 'too little'}: {right}"


def ci_cannot_give_itself_more(built: Built) -> Iterator[str]:
    administrators = {ROLES["Contributor"], ROLES["Role Based Access Control Administrator"]}
    given = ", ".join(sorted(set(ROLES.values()) - administrators))
    types = "'ServicePrincipal', 'Group'"
    expected = " AND ".join(
        f"(!(ActionMatches{{'{_ROLE}/{action}'}}) OR ("
        f"@{of}[{_ROLE}:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{given}}} AND "
        f"@{of}[{_ROLE}:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {{{types}}}))"
        for action, of in (("write", "Request"), ("delete", "Resource"))
    )
    for one in built.of(_ROLE):
        said = one.body["properties"]
        gives = said["roleDefinitionId"].endswith(ROLES["Role Based Access Control Administrator"])
        condition = (said.get("condition"), said.get("conditionVersion"))
        if condition != ((expected, "2.0") if gives else (None, None)):
            yield f"{one.address}: condition {condition}"


FACTS: list[Callable[[Built], Iterator[str]]] = [
    a_network_of_its_own_has_all_zones_and_lets_nobody_out,
    alerts_measure_what_there_is_and_tell_somebody,
    an_environment_has_its_alerts,
    ci_cannot_give_itself_more,
    closed_means_closed,
    clusters_are_the_configurations,
    computes_leave_where_they_may,
    containers_are_datastores,
    everybody_has_the_rights_they_need_and_no_others,
    everything_closed_has_its_private_endpoint,
    keys_are_refused,
    logs_are_kept,
    machines_act_as_the_right_identity,
    old_versions_of_the_workspaces_own_blobs_are_kept_for_a_while,
    only_ci_of_this_environment_signs_in,
    only_known_events_leave_azure,
    resources_carry_the_tags,
    the_budget_is_told_before_it_is_spent,
    the_callback_address_is_where_it_has_to_be,
    the_cluster_serves_over_tls,
    the_logic_app_knows_what_it_has_to,
]


def faults(built: Built, stack: Stack) -> list[str]:
    """All that is wrong with what a stack makes."""
    built = replace(built, resources=list(whole(built.resources)))
    if stack.name == "environment":
        return [f"{fact.__name__}: {fault}" for fact in FACTS for fault in fact(built)]
    if stack.name == "registry":
        return list(the_registry_is_reached_as_its_environments_are(built))
    given = stack.given or {}
    return list(an_endpoint_is_watched_and_scaled(built, given["kind"], given.get("deployments", [])))


def the_registry_is_reached_as_its_environments_are(built: Built) -> Iterator[str]:
    (registry,) = built.of("Microsoft.MachineLearningServices/registries")
    yield from _wrong(registry, "properties.publicNetworkAccess", "Disabled" if built.mode == "isolated" else "Enabled")
    (region,) = registry.body["properties"]["regionDetails"]
    (storage,) = region["storageAccountDetails"]
    if at(storage, "systemCreatedStorageAccount.allowBlobPublicAccess") is not False:
        yield "the registry's blobs may be public"
    if registry.name != built.config["registry"]["name"]:
        yield f"the registry is called {registry.name}"
    if [group.name for group in built.of("Microsoft.Resources/resourceGroups")] != [
        built.config["registry"]["resource_group"]
    ]:
        yield "the registry's group is another"


def an_endpoint_is_watched_and_scaled(built: Built, kind: str, deployments: list[str]) -> Iterator[str]:
    names, limits = built.config["names"], built.config["thresholds"]
    name = names[f"{kind}_endpoint"]
    endpoint = arm_id(_ENDPOINT, f"{names['workspace']}/{name}", names["resource_group"])
    (setting,) = built.of("Microsoft.Insights/diagnosticSettings")
    logs = {log["category"] for log in setting.body["properties"]["logs"] if log.get("enabled")}
    kept = {"AmlOnlineEndpointConsoleLog", "AmlOnlineEndpointEventLog", "AmlOnlineEndpointTrafficLog"}
    if (setting.scope, logs) != (endpoint, kept):
        yield f"{setting.scope} logs {sorted(logs)}"
    above, each = "GreaterThan", {"deployment": "*"}
    expected: dict[str, Any] = {
        f"latency-{name}": ("RequestLatency_P95", "Average", above, limits["latency_p95_ms"], each),
        f"server-errors-{name}": (
            "RequestsPerMinute",
            "Average",
            above,
            limits["errors_per_minute"],
            {**each, "statusCodeClass": "5xx"},
        ),
        f"data-collection-{name}": ("DataCollectionErrorsPerMinute", "Average", above, 0, each),
    }
    online = built.config.get("online", {}) if kind == "online" else {}
    percentages = {
        "cpu": "CpuUtilizationPercentage",
        "memory": "CpuMemoryUtilizationPercentage",
        "disk": "DiskUtilization",
    }
    if online.get("gpu"):
        percentages |= {"gpu": "GpuUtilizationPercentage", "gpu-memory": "GpuMemoryUtilizationPercentage"}
    for deployment in deployments if online else []:
        for key, metric in percentages.items():
            limit = limits["utilisation_percent"]
            expected[f"{key}-{name}-{deployment}"] = (metric, "Average", above, limit, {})
        least = online["min_instances"]
        expected[f"capacity-{name}-{deployment}"] = ("DeploymentCapacity", "Average", "LessThan", least, {})
    yield from _differs("alerts", _alerts(built), expected)
    yield from alerts_measure_what_there_is_and_tell_somebody(built)
    yield from resources_carry_the_tags(built)
    scaled = {}
    for one in built.of("Microsoft.Insights/autoscaleSettings"):
        said = one.body["properties"]
        (profile,) = said["profiles"]
        rules = [
            (
                rule["metricTrigger"]["metricName"],
                rule["metricTrigger"]["metricResourceUri"],
                rule["metricTrigger"]["operator"],
                rule["metricTrigger"]["threshold"],
                rule["metricTrigger"]["timeWindow"],
                rule["scaleAction"]["direction"],
                rule["scaleAction"]["cooldown"],
            )
            for rule in profile["rules"]
        ]
        scaled[said["targetResourceUri"]] = ({key: int(value) for key, value in profile["capacity"].items()}, rules)
    yield from _differs(
        "autoscale",
        scaled,
        {
            f"{endpoint}/deployments/{deployment}": _scaling(endpoint, deployment, online, limits["latency_p95_ms"])
            for deployment in (deployments if online else [])
        },
    )


def _scaling(endpoint: str, deployment: str, online: Mapping[str, Any], latency: int) -> tuple[Any, Any]:
    own, cpu = f"{endpoint}/deployments/{deployment}", "CpuUtilizationPercentage"
    least, most = online["min_instances"], online["max_instances"]
    more = ("PT5M", "Increase", "PT5M")
    return (
        {"default": least, "minimum": least, "maximum": most},
        [
            (cpu, own, "GreaterThan", online["scale_out_percent"], *more),
            ("RequestLatency_P95", endpoint, "GreaterThan", latency, *more),
            (cpu, own, "LessThan", online["scale_in_percent"], "PT15M", "Decrease", "PT15M"),
        ],
    )
