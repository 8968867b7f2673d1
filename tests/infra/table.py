"""Resources as a table of settings, in which two flavours of one infrastructure are equal whatever their way to say it.

Every setting of every resource is compared. Left out is only what means nothing: a value that Azure takes anyway when
it is not told one, the order where Azure knows none, and labels that have no reader.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.infra.resource import Resource, arm_id

Settings = dict[str, Any]
Table = dict[str, Settings]

_SINGLE = "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria"
_MULTIPLE = "Microsoft.Azure.Monitor.MultipleResourceMultipleMetricCriteria"

# What Azure takes when nothing is said, by type and path: the defaults in its API's documentation.
DEFAULTS: dict[str, Settings] = {
    "Microsoft.ContainerRegistry/registries": {
        "properties.anonymousPullEnabled": False,
        "properties.dataEndpointEnabled": False,
        "properties.zoneRedundancy": "Disabled",
        "properties.networkRuleBypassOptions": "AzureServices",
        "properties.policies.exportPolicy.status": "enabled",
    },
    "Microsoft.Insights/actionGroups": {"properties.enabled": True},
    "Microsoft.Insights/autoscaleSettings": {"properties.enabled": True},
    "Microsoft.Insights/components": {"properties.RetentionInDays": 90},
    "Microsoft.Insights/metricAlerts": {"properties.autoMitigate": True},
    "Microsoft.KeyVault/vaults": {"properties.createMode": "default", "properties.enableSoftDelete": True},
    "Microsoft.Insights/scheduledQueryRules": {
        "properties.enabled": True,
        "properties.criteria.allOf[0].failingPeriods.minFailingPeriodsToAlert": 1,
        "properties.criteria.allOf[0].failingPeriods.numberOfEvaluationPeriods": 1,
    },
    "Microsoft.Insights/activityLogAlerts": {"properties.enabled": True},
    "Microsoft.MachineLearningServices/workspaces": {
        "kind": "Default",
        "sku.tier": "Basic",
        "properties.hbiWorkspace": False,
        "properties.v1LegacyMode": False,
        "properties.provisionNetworkNow": False,
    },
    "Microsoft.MachineLearningServices/workspaces/datastores": {"properties.credentials.credentialsType": "None"},
    "Microsoft.MachineLearningServices/workspaces/outboundRules": {"properties.category": "UserDefined"},
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks": {"properties.resolutionPolicy": "Default"},
    "Microsoft.Network/virtualNetworks/subnets": {"properties.privateLinkServiceNetworkPolicies": "Enabled"},
    "Microsoft.Storage/storageAccounts": {
        "properties.accessTier": "Hot",
        "properties.isHnsEnabled": False,
        "properties.supportsHttpsTrafficOnly": True,
        "properties.encryption.requireInfrastructureEncryption": False,
    },
    "Microsoft.Storage/storageAccounts/blobServices": {
        "properties.isVersioningEnabled": False,
        "properties.changeFeed.enabled": False,
    },
    "Microsoft.Storage/storageAccounts/blobServices/containers": {"properties.publicAccess": "None"},
}

# Lists that Azure reads as sets: the end of the path.
UNORDERED = (
    "properties.addressSpace.addressPrefixes",
    "properties.criteria.allOf.dimensions",
    "properties.emailReceivers",
    "properties.logs",
    "properties.networkAcls.resourceAccessRules",
    "properties.policy.rules",
    "properties.privateDnsZoneConfigs",
)

# Names inside a resource that no other names and no user is shown.
LABELS = {
    "Microsoft.Insights/metricAlerts": "properties.criteria.allOf.name",
    "Microsoft.Network/privateEndpoints/privateDnsZoneGroups": "properties.privateDnsZoneConfigs.name",
}


def table(resources: list[Resource]) -> Table:
    """The settings of each resource, by what the resource is: for most its type and ID."""
    found: Table = {}
    for resource in whole(resources):
        key = row_of(resource)
        if key in found:
            raise ValueError(f"{resource.address}: {key} is there twice")
        found[key] = settings(resource)
    return found


def row_of(resource: Resource) -> str:
    """What a resource is called in the table; a role assignment is what it gives to whom, and where."""
    if resource.kind == "Microsoft.Authorization/roleAssignments":
        given = resource.body["properties"]
        role = given["roleDefinitionId"].rsplit("/", 1)[1]
        return f"{resource.kind}: {role} to {given['principalId']} on {resource.scope}".lower()
    return f"{resource.kind}: {resource.id}".lower()


def settings(resource: Resource) -> Settings:
    """All that is asked of Azure for a resource, by path; what Azure takes anyway is left out."""
    body = _ordered(_short(resource.body), "", LABELS.get(resource.kind))
    found = dict(_flat(body, ""))
    defaults = DEFAULTS.get(resource.kind, {})
    return {
        path: value for path, value in found.items() if path not in defaults or _plain(value) != _plain(defaults[path])
    }


def differences(one: Table, other: Table) -> list[tuple[str, str, Any, Any]]:
    """What differs between two tables: (resource, path, one's value, the other's); a whole resource has no path."""
    found: list[tuple[str, str, Any, Any]] = []
    for row in sorted(one.keys() | other.keys()):
        mine, theirs = one.get(row), other.get(row)
        if mine is None or theirs is None:
            found.append(
                (row, "", "is there" if mine is not None else None, "is there" if theirs is not None else None)
            )
        else:
            paths = sorted(mine.keys() | theirs.keys())
            found += [
                (row, path, mine.get(path), theirs.get(path))
                for path in paths
                if _plain(mine.get(path)) != _plain(theirs.get(path))
            ]
    return found


def whole(resources: list[Resource]) -> Iterator[Resource]:
    """Azure makes the same of a subnet whether it is told with its network or apart."""
    for resource in resources:
        if resource.kind != "Microsoft.Network/virtualNetworks":
            yield resource
            continue
        properties = dict(resource.body["properties"])
        for subnet in properties.pop("subnets", None) or []:
            kind, name = "Microsoft.Network/virtualNetworks/subnets", subnet["name"]
            yield Resource(
                kind,
                name,
                arm_id(kind, name, None, parent=resource.id),
                {"properties": subnet["properties"]},
                resource.address,
            )
        yield Resource(**{**vars(resource), "body": {**resource.body, "properties": properties}})


def _short(value: Any) -> Any:
    """Without what says nothing; the ends of a budget, which only the day of the first apply decides, stay as such."""
    if isinstance(value, Mapping):
        short = {key: _short(item) for key, item in value.items()}
        if "addressPrefix" in short:  # the older word for a list of one
            short["addressPrefixes"] = [short.pop("addressPrefix")]
        return {_id(key): item for key, item in short.items() if item not in (None, [], "")}
    if isinstance(value, list | tuple | set | frozenset):
        return [_short(item) for item in value]
    return _id(value)


def _id(value: Any) -> Any:
    """Azure compares IDs without regard to case; and a budget starts with the month of its first apply."""
    if isinstance(value, str):
        if re.match(r"/(subscriptions|providers)/", value, re.IGNORECASE):
            return value.lower()
        if re.fullmatch(r"\d{4}-\d{2}-01(T00:00:00(\.0+)?Z)?", value):
            return "the first of a month"
        if value in (_SINGLE, _MULTIPLE):
            return "metrics"  # on one resource both mean the same
        return value.rstrip("\n")  # a query's last line
    return value


def _ordered(value: Any, path: str, label: str | None) -> Any:
    if isinstance(value, dict):
        found = {}
        for key, item in value.items():
            inner = f"{path}.{key}" if path else key
            if inner != label:
                found[key] = _ordered(item, inner, label)
        if path == "properties.notifications":  # a budget's, whose keys are labels
            return _sorted(found.values())
        return found
    if isinstance(value, list):
        items = [_ordered(item, path, label) for item in value]
        return _sorted(items) if path in UNORDERED else items
    return value


def _sorted(items: Any) -> list[Any]:
    return sorted(items, key=lambda item: json.dumps(item, sort_keys=True))


def _flat(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _flat(item, f"{path}.{key}" if path else key)
        if not value and "/" in path.rsplit(".", 1)[-1]:  # an identity, which is a key without a value
            yield path, {}
    elif isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        for number, item in enumerate(value):
            yield from _flat(item, f"{path}[{number}]")
    else:
        yield path, value


def _plain(value: Any) -> Any:
    """80 and 80.0 and what a JSON file says of them are one number."""
    return json.dumps(float(value)) if isinstance(value, int | float) and not isinstance(value, bool) else value
