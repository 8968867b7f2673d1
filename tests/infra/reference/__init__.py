"""What Azure and azurerm accept, from published lists: held against the resources that a stack would make.

The lists stand beside this file, each with its source and date; `python -m tests.infra.reference.age` says which pages
to look up when they age. The compiler knows Bicep's types and API versions; the values that it leaves open (log
categories, metrics, sub-resources, roles, SKUs) are here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tests.infra.resource import Resource, kind_of

FOLDER = Path(__file__).parent
GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@cache
def load(name: str) -> dict[str, Any]:
    """One of the lists: azure_monitor, azureml_values, azurerm_rules, azapi_schema."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return found


def monitor(kind: str) -> dict[str, Any] | None:
    """What Azure Monitor knows of a resource type."""
    types: dict[str, dict[str, Any]] = {name.lower(): rule for name, rule in load("azure_monitor")["types"].items()}
    return types.get(kind.lower())


def role_ids() -> dict[str, str]:
    """Built-in roles by name."""
    found: dict[str, str] = load("azureml_values")["roles"]["ids"]
    return found


def rule(kind: str, path: str) -> dict[str, Any]:
    """The rule of an attribute of azurerm, by the path of its blocks."""
    found: dict[str, Any] = {"block": load("azurerm_rules")["resources"][kind]["attributes"]}
    for step in path.split("."):
        found = found["block"][step]
    rules: dict[str, Any] = found.get("elements", found)
    return rules


# Enumerations that ARM declares as plain text, as azurerm checks them: path in the request -> type and path in azurerm.
_SAME_AS: dict[str, dict[str, tuple[str, str]]] = {
    "Microsoft.Authorization/roleAssignments": {
        "properties.principalType": ("azurerm_role_assignment", "principal_type")
    },
    "Microsoft.ContainerRegistry/registries": {
        "sku.name": ("azurerm_container_registry", "sku"),
        "properties.networkRuleBypassOptions": ("azurerm_container_registry", "network_rule_bypass_option"),
    },
    "Microsoft.Insights/activityLogAlerts": {},
    "Microsoft.Insights/components": {
        "properties.Application_Type": ("azurerm_application_insights", "application_type"),
        "properties.RetentionInDays": ("azurerm_application_insights", "retention_in_days"),
    },
    "Microsoft.Insights/metricAlerts": {
        "properties.evaluationFrequency": ("azurerm_monitor_metric_alert", "frequency"),
        "properties.windowSize": ("azurerm_monitor_metric_alert", "window_size"),
        "properties.severity": ("azurerm_monitor_metric_alert", "severity"),
        "properties.criteria.allOf.operator": ("azurerm_monitor_metric_alert", "criteria.operator"),
        "properties.criteria.allOf.dimensions.operator": (
            "azurerm_monitor_metric_alert",
            "criteria.dimension.operator",
        ),
    },
    "Microsoft.Insights/scheduledQueryRules": {
        "properties.evaluationFrequency": ("azurerm_monitor_scheduled_query_rules_alert_v2", "evaluation_frequency"),
        "properties.windowSize": ("azurerm_monitor_scheduled_query_rules_alert_v2", "window_duration"),
        "properties.severity": ("azurerm_monitor_scheduled_query_rules_alert_v2", "severity"),
        "properties.criteria.allOf.operator": ("azurerm_monitor_scheduled_query_rules_alert_v2", "criteria.operator"),
        "properties.criteria.allOf.timeAggregation": (
            "azurerm_monitor_scheduled_query_rules_alert_v2",
            "criteria.time_aggregation_method",
        ),
    },
    "Microsoft.KeyVault/vaults": {
        "properties.sku.name": ("azurerm_key_vault", "sku_name"),
        "properties.softDeleteRetentionInDays": ("azurerm_key_vault", "soft_delete_retention_days"),
        "properties.networkAcls.defaultAction": ("azurerm_key_vault", "network_acls.default_action"),
        "properties.networkAcls.bypass": ("azurerm_key_vault", "network_acls.bypass"),
    },
    "Microsoft.OperationalInsights/workspaces": {
        "properties.sku.name": ("azurerm_log_analytics_workspace", "sku"),
        "properties.retentionInDays": ("azurerm_log_analytics_workspace", "retention_in_days"),
    },
    "Microsoft.Storage/storageAccounts": {
        "kind": ("azurerm_storage_account", "account_kind"),
        "properties.minimumTlsVersion": ("azurerm_storage_account", "min_tls_version"),
        "properties.networkAcls.defaultAction": ("azurerm_storage_account", "network_rules.default_action"),
    },
    "Microsoft.Network/virtualNetworks/subnets": {
        "properties.privateEndpointNetworkPolicies": ("azurerm_subnet", "private_endpoint_network_policies"),
    },
}

# What azureml_values.json calls by a short name stands there in the request.
_PLACES = {
    "Microsoft.Insights/autoscaleSettings": "properties.profiles.rules.",
    "Microsoft.Insights/metricAlerts": "properties.criteria.allOf.",
}
_FORMS = {
    "Microsoft.Insights/activityLogAlerts category": ("azurerm_monitor_activity_log_alert", "criteria.category"),
}


def refused(resources: list[Resource], own_role: str | None = None) -> Iterator[str]:
    """What Azure would refuse of the resources, or ignore: one line for each value, with the rule.

    `own_role` is the ID of a role that the configuration names, of which no list knows.
    """
    for resource in resources:
        if own_role and own_role in str((resource.body.get("properties") or {}).get("roleDefinitionId")):
            continue
        where = f"{resource.kind} {resource.name}"
        for path, value, reason in _refused(resource):
            yield f"{where}: {path} '{value}' is refused: {reason} ({resource.address})"


def _refused(resource: Resource) -> Iterator[tuple[str, Any, str]]:
    yield from _version(resource)
    yield from _enumerations(resource)
    properties = resource.body.get("properties") or {}
    checks = {
        "Microsoft.Authorization/roleAssignments": _role,
        "Microsoft.Insights/activityLogAlerts": _activity,
        "Microsoft.Insights/autoscaleSettings": _scaling,
        "Microsoft.Insights/diagnosticSettings": _logs,
        "Microsoft.Insights/metricAlerts": _alert,
        "Microsoft.MachineLearningServices/workspaces/outboundRules": _outbound,
        "Microsoft.Network/privateEndpoints": _endpoint,
    }
    if resource.kind in checks:
        yield from checks[resource.kind](resource, properties)


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Values with their paths; places in lists have no number."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from leaves(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from leaves(item, path)
    else:
        yield path, value


def why_not(value: Any, rule: Mapping[str, Any]) -> str | None:
    """Why azurerm refuses a value of an attribute; None where it does not."""
    if value is None or isinstance(value, Mapping):
        return None
    if isinstance(value, list | tuple):
        found = [why_not(item, rule.get("elements", {})) for item in value]
        return next(filter(None, found), None)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if "allowed" in rule and value not in rule["allowed"]:
        return f"must be one of {', '.join(map(str, rule['allowed']))}"
    if "range" in rule and number and not rule["range"][0] <= value <= rule["range"][1]:
        return f"must be from {rule['range'][0]} to {rule['range'][1]}"
    if "minimum" in rule and number and value < rule["minimum"]:
        return f"must be at least {rule['minimum']}"
    if not isinstance(value, str):
        return None
    words = rule.get("words", "")
    if "length" in rule and not rule["length"][0] <= len(value) <= rule["length"][1]:
        return f"must have {rule['length'][0]} to {rule['length'][1]} characters"
    if any(not re.search(pattern, value) for pattern in rule.get("pattern", [])):
        return f"must be {words or ' and '.join(rule['pattern'])}"
    forms = {
        "not empty": r"(?s).+",
        "an ISO 8601 duration": r"P(?=.)(\d+[YMWD])*(T(\d+[HMS])+)?",
        "a UUID": r"(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        "an Azure resource ID": r"/(subscriptions|providers)/.+",
    }
    if words in forms and not re.fullmatch(forms[words], value):
        return f"must be {words}"
    if "format" in rule and value and _shape(value) != _shape(rule["format"]):
        return f"must be an ID like {rule['format']}"
    return None


def _shape(resource_id: str) -> list[str]:
    """The fixed words of an ID, which azurerm compares with case; IDs of management groups have another form."""
    parts = resource_id.split("/")
    return parts[1::2] + (parts[6:7] if "providers" in parts else [])


def _version(resource: Resource) -> Iterator[tuple[str, Any, str]]:
    values = load("azureml_values")
    versions = {name.lower(): listed for name, listed in values["api_versions"].items()}
    if resource.api_version and resource.kind.lower() in versions:
        listed = versions[resource.kind.lower()]
        if resource.api_version not in listed:
            yield "apiVersion", resource.api_version, f"the newest are {', '.join(listed[-3:])}"
        if resource.api_version in values["api_versions_not_served"].get(resource.kind, []):
            yield "apiVersion", resource.api_version, "Azure does not serve it"


def _enumerations(resource: Resource) -> Iterator[tuple[str, Any, str]]:
    values = load("azureml_values")
    provider, _, kind = resource.kind.partition("/")
    listed = values["enumerations"].get(kind, {}) if provider == "Microsoft.MachineLearningServices" else {}
    place = _PLACES.get(resource.kind, "")
    other = {
        key if key.startswith("properties.") else place + key: one
        for key, one in values["other_types"].get(resource.kind, {}).items()
        if isinstance(one, dict)
    }
    known = {path: {"allowed": one["values"]} for path, one in {**listed, **other}.items() if "values" in one}
    known |= {path: rule(*at) for path, at in _SAME_AS.get(resource.kind, {}).items()}
    if resource.kind == "Microsoft.Storage/storageAccounts":
        sku = [rule("azurerm_storage_account", f"account_{part}")["allowed"] for part in ("tier", "replication_type")]
        known["sku.name"] = {"allowed": [f"{tier}_{copies}" for tier in sku[0] for copies in sku[1]]}
    for path, value in leaves(dict(resource.body)):
        path = re.sub(r"^properties\.notifications\.[^.]+", "properties.notifications", path)
        if path in known and (reason := why_not(value, known[path])):
            yield path, value, reason
        longest = other.get(path, {}).get("max_length")
        if longest and isinstance(value, str) and len(value) > longest:
            yield path, value, f"must have at most {longest} characters"


def _logs(resource: Resource, properties: Mapping[str, Any]) -> Iterator[tuple[str, Any, str]]:
    target = kind_of(str(resource.scope))
    known = monitor(target)
    for log in properties.get("logs") or []:
        category = log.get("category")
        if known is None:
            yield "category", category, f"the reference does not know {target}"
        elif category is not None and category not in known["log_categories"]:
            yield "category", category, f"{target} has {', '.join(known['log_categories'])}"
        elif category is None and log.get("categoryGroup") not in ("allLogs", "audit"):
            yield "categoryGroup", log.get("categoryGroup"), "must be allLogs or audit"


def _metric(
    namespace: str, name: str, aggregation: str | None, dimensions: list[str], grain: str | None = None
) -> Iterator[tuple[str, Any, str]]:
    known = (monitor(namespace) or {}).get("metrics", {})
    if name not in known:
        yield "metricName", name, f"{namespace} has no such metric"
        return
    one = known[name]
    if aggregation is not None and aggregation not in one["aggregations"]:
        yield "timeAggregation", aggregation, f"'{name}' has {', '.join(one['aggregations'])}"
    for dimension in dimensions:
        if dimension not in one["dimensions"]:
            yield "dimension", dimension, f"'{name}' has {', '.join(one['dimensions']) or 'none'}"
    if grain is not None and grain not in one["time_grains"]:
        yield "timeGrain", grain, f"'{name}' is measured every {', '.join(one['time_grains'])}"


def _alert(resource: Resource, properties: Mapping[str, Any]) -> Iterator[tuple[str, Any, str]]:
    for one in properties["criteria"]["allOf"]:
        scope = kind_of(properties["scopes"][0])
        if scope.lower() != one["metricNamespace"].lower():
            yield "metricNamespace", one["metricNamespace"], f"the scope is a {scope}"
        dimensions = [dimension["name"] for dimension in one.get("dimensions") or []]
        yield from _metric(one["metricNamespace"], one["metricName"], one["timeAggregation"], dimensions)


def _scaling(resource: Resource, properties: Mapping[str, Any]) -> Iterator[tuple[str, Any, str]]:
    for profile in properties["profiles"]:
        for one in profile["rules"]:
            trigger = one["metricTrigger"]
            source = kind_of(trigger["metricResourceUri"])
            namespace = trigger.get("metricNamespace") or source
            if namespace.lower() != source.lower():
                yield "metricNamespace", namespace, f"the source is a {source}"
            dimensions = [dimension["DimensionName"] for dimension in trigger.get("dimensions") or []]
            yield from _metric(namespace, trigger["metricName"], None, dimensions, trigger.get("timeGrain"))


def _activity(resource: Resource, properties: Mapping[str, Any]) -> Iterator[tuple[str, Any, str]]:
    for condition in properties["condition"]["allOf"]:
        if condition.get("field") == "category":
            listed = rule("azurerm_monitor_activity_log_alert", "criteria.category")
            if reason := why_not(condition["equals"], listed):
                yield "category", condition["equals"], reason


def _sub_resource(target: str, name: str) -> Iterator[tuple[str, Any, str]]:
    listed = load("azureml_values")["managed_network"]["sub_resource_targets"]["arm"].get(kind_of(target), [])
    if name not in listed:
        yield "sub-resource", name, f"{kind_of(target)} has {', '.join(listed) or 'none that the reference knows'}"


def _outbound(resource: Resource, properties: Mapping[str, Any]) -> Iterator[tuple[str, Any, str]]:
    names = load("azureml_values")["managed_network"]["rule_name"]["pattern"]
    if not re.search(names, resource.name):
        yield "name", resource.name, f"must match {names}"
    if properties["type"] == "PrivateEndpoint":
        destination = properties["destination"]
        yield from _sub_resource(destination["serviceResourceId"], destination["subresourceTarget"])


def _endpoint(resource: Resource, properties: Mapping[str, Any]) -> Iterator[tuple[str, Any, str]]:
    for connection in properties.get("privateLinkServiceConnections") or []:
        said = connection["properties"]
        for name in said["groupIds"]:
            if not said["privateLinkServiceId"].startswith("["):
                yield from _sub_resource(said["privateLinkServiceId"], name)


def _role(resource: Resource, properties: Mapping[str, Any]) -> Iterator[tuple[str, Any, str]]:
    role = str(properties["roleDefinitionId"]).rsplit("/", 1)[-1]
    if role not in role_ids().values():
        yield "roleDefinitionId", role, "the reference knows no such built-in role"
