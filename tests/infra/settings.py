"""What each resource of azurerm asks Azure for: one row a type, in the words of Azure's own requests.

A row is a function from the attributes of a resource to the body that the provider sends. It has to read all that the
layer sets: whatever it leaves unread is reported, so that no setting escapes the comparison with the other flavour.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.infra.resource import TENANT, arm_id, group_id, stand_in

Body = dict[str, Any]


@dataclass
class Attributes:
    """Attributes of a resource, or of a block in it, that remember which of them were asked for."""

    values: Mapping[str, Any]
    read: set[str] = field(default_factory=set)
    blocks: dict[str, list[Attributes]] = field(default_factory=dict)

    def __getitem__(self, path: str) -> Any:
        """The value at a path of blocks of which there is one at most; None if it is not set."""
        name, _, rest = path.partition(".")
        if not rest:
            self.read.add(name)
            return self.values.get(name)
        found = [block[rest] for block in self.each(name)]
        if len(found) > 1:
            raise ValueError(f"{name} is there {len(found)} times")
        return found[0] if found else None

    def each(self, name: str) -> list[Attributes]:
        """The blocks of a name."""
        if name not in self.blocks:
            self.read.add(name)
            self.blocks[name] = [Attributes(value) for value in self.values.get(name) or []]
        return self.blocks[name]

    def unread(self, settable: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
        """Paths of attributes that are set and were not asked for; `settable` is the block in the schema."""
        for name, attribute in settable["attributes"].items():
            if attribute.get("optional") or attribute.get("required"):
                given = self.values.get(name) not in (None, [], {}, "")
                if given and name not in self.read and not (name == "id" and not prefix):
                    yield prefix + name
        for name, kind in settable.get("block_types", {}).items():
            if self.values.get(name) and name != "timeouts":
                if name not in self.read:
                    yield prefix + name
                for block in self.blocks.get(name, []):
                    yield from block.unread(kind["block"], f"{prefix}{name}.")


@dataclass(frozen=True)
class Child:
    """A resource that the provider makes together with the one whose row returns it."""

    kind: str
    name: str
    body: Body


@dataclass(frozen=True)
class Row:
    """How a type of the provider becomes a resource of Azure."""

    kind: str
    body: Callable[[Attributes], Body]
    parent: str = "resource_group_name"
    """The attribute that says where the resource stands: the name of a resource group, or an ID."""
    extension: bool = False
    """Whether the resource stands on another one of any type."""
    name: Callable[[Attributes], str] = lambda a: str(a["name"])
    below: str = ""
    """What lies between the parent's ID and the resource, such as /blobServices/default."""
    children: Callable[[Attributes], list[Child]] = lambda a: []
    location: bool = True
    """Whether the resource has a place and tags."""
    into_parent: bool = False
    """Whether it is but a part of its parent to Azure."""

    def parent_id(self, attributes: Attributes) -> str | None:
        value = attributes[self.parent]
        if self.parent == "resource_group_name":
            return group_id(value)
        return None if value is None else f"{value}{self.below}"

    def id(self, attributes: Attributes) -> str:
        if self.into_parent:
            return str(attributes[self.parent])
        return arm_id(self.kind, self.name(attributes), None, parent=self.parent_id(attributes))


def enabled(value: bool | None) -> str | None:
    return None if value is None else "Enabled" if value else "Disabled"


def opposite(value: bool | None) -> bool | None:
    return None if value is None else not value


def identity(a: Attributes) -> Body | None:
    if not a.each("identity"):
        return None
    ids = a["identity.identity_ids"] or []
    return {"type": a["identity.type"].replace(" ", ""), "userAssignedIdentities": {identity: {} for identity in ids}}


def days(value: int | None) -> Body | None:
    return None if value is None else {"enabled": True, "days": value}


def reference(value: str | None) -> Body | None:
    return None if value is None else {"id": value}


def part(resource_id: str, kind: str) -> str:
    """The name that follows a type in an ID."""
    parts = resource_id.split("/")
    return parts[parts.index(kind) + 1]


def storage_account(a: Attributes) -> Body:
    return {
        "sku": {"name": f"{a['account_tier']}_{a['account_replication_type']}"},
        "kind": a["account_kind"] or "StorageV2",
        "properties": {
            "allowSharedKeyAccess": a["shared_access_key_enabled"],
            "defaultToOAuthAuthentication": a["default_to_oauth_authentication"],
            "isLocalUserEnabled": a["local_user_enabled"],
            "allowBlobPublicAccess": a["allow_nested_items_to_be_public"],
            "allowCrossTenantReplication": a["cross_tenant_replication_enabled"],
            "allowedCopyScope": a["allowed_copy_scope"],
            "minimumTlsVersion": a["min_tls_version"],
            "supportsHttpsTrafficOnly": a["https_traffic_only_enabled"] is not False,
            "publicNetworkAccess": enabled(a["public_network_access_enabled"]),
            "isHnsEnabled": a["is_hns_enabled"],
            "encryption": {"requireInfrastructureEncryption": a["infrastructure_encryption_enabled"]},
            "networkAcls": {
                "defaultAction": a["network_rules.default_action"],
                "bypass": ", ".join(sorted(a["network_rules.bypass"] or [])) or None,
                "resourceAccessRules": [
                    {"resourceId": one["endpoint_resource_id"], "tenantId": one["endpoint_tenant_id"] or TENANT}
                    for rules in a.each("network_rules")
                    for one in rules.each("private_link_access")
                ],
            },
        },
    }


def blob_service(a: Attributes) -> list[Child]:
    if not a.each("blob_properties"):
        return []
    body = {
        "deleteRetentionPolicy": days(a["blob_properties.delete_retention_policy.days"]),
        "containerDeleteRetentionPolicy": days(a["blob_properties.container_delete_retention_policy.days"]),
        "isVersioningEnabled": a["blob_properties.versioning_enabled"],
        "changeFeed": {"enabled": a["blob_properties.change_feed_enabled"]},
    }
    return [Child("Microsoft.Storage/storageAccounts/blobServices", "default", {"properties": body})]


def container(a: Attributes) -> Body:
    access = {"private": "None", "blob": "Blob", "container": "Container"}
    return {"properties": {"publicAccess": access[a["container_access_type"] or "private"]}}


def management_policy(a: Attributes) -> Body:
    def actions(rule: Attributes) -> Body:
        return {
            "baseBlob": {
                "delete": {
                    "daysAfterModificationGreaterThan": rule[
                        "actions.base_blob.delete_after_days_since_modification_greater_than"
                    ]
                }
            },
            "snapshot": {
                "delete": {
                    "daysAfterCreationGreaterThan": rule[
                        "actions.snapshot.delete_after_days_since_creation_greater_than"
                    ]
                }
            },
            "version": {
                "delete": {"daysAfterCreationGreaterThan": rule["actions.version.delete_after_days_since_creation"]}
            },
        }

    rules = [
        {
            "name": rule["name"],
            "enabled": rule["enabled"],
            "type": "Lifecycle",
            "definition": {
                "actions": actions(rule),
                "filters": {"blobTypes": rule["filters.blob_types"], "prefixMatch": rule["filters.prefix_match"]},
            },
        }
        for rule in a.each("rule")
    ]
    return {"properties": {"policy": {"rules": rules}}}


def key_vault(a: Attributes) -> Body:
    return {
        "properties": {
            "sku": {"family": "A", "name": a["sku_name"]},
            "tenantId": a["tenant_id"],
            "enableRbacAuthorization": a["rbac_authorization_enabled"],
            "enableSoftDelete": True,  # the provider knows no other
            "enablePurgeProtection": a["purge_protection_enabled"],
            "softDeleteRetentionInDays": a["soft_delete_retention_days"],
            "publicNetworkAccess": enabled(a["public_network_access_enabled"]),
            "networkAcls": {
                "defaultAction": a["network_acls.default_action"],
                "bypass": a["network_acls.bypass"],
            },
        }
    }


def container_registry(a: Attributes) -> Body:
    return {
        "sku": {"name": a["sku"]},
        "properties": {
            "adminUserEnabled": a["admin_enabled"],
            "anonymousPullEnabled": a["anonymous_pull_enabled"],
            "publicNetworkAccess": enabled(a["public_network_access_enabled"]),
            "networkRuleBypassOptions": a["network_rule_bypass_option"],
            "networkRuleBypassAllowedForTasks": a["network_rule_bypass_for_tasks_enabled"],
            "roleAssignmentMode": a["role_assignment_mode"],
            "policies": {
                "exportPolicy": {"status": (enabled(a["export_policy_enabled"]) or "").lower() or None},
                "azureADAuthenticationAsArmPolicy": {
                    "status": (enabled(a["azuread_authentication_as_arm_policy_enabled"]) or "").lower() or None
                },
            },
        },
    }


def log_analytics(a: Attributes) -> Body:
    return {
        "properties": {
            "sku": {"name": a["sku"]},
            "retentionInDays": a["retention_in_days"],
            "features": {
                "disableLocalAuth": opposite(a["local_authentication_enabled"]),
                "enableLogAccessUsingOnlyResourcePermissions": a["allow_resource_only_permissions"] is not False,
            },
            "workspaceCapping": {"dailyQuotaGb": a["daily_quota_gb"]},
        }
    }


def application_insights(a: Attributes) -> Body:
    return {
        "kind": a["application_type"],
        "properties": {
            "Application_Type": a["application_type"],
            "WorkspaceResourceId": a["workspace_id"],
            "DisableLocalAuth": opposite(a["local_authentication_enabled"]),
            "RetentionInDays": a["retention_in_days"],
        },
    }


def workspace(a: Attributes) -> Body:
    return {
        "kind": a["kind"] or "Default",
        "sku": {"name": a["sku_name"] or "Basic", "tier": a["sku_name"] or "Basic"},
        "identity": identity(a),
        "properties": {
            "friendlyName": a["friendly_name"],
            "description": a["description"],
            "storageAccount": a["storage_account_id"],
            "keyVault": a["key_vault_id"],
            "containerRegistry": a["container_registry_id"],
            "applicationInsights": a["application_insights_id"],
            "systemDatastoresAuthMode": a["storage_account_access_type"] or "AccessKey",
            "publicNetworkAccess": enabled(a["public_network_access_enabled"]),
            "imageBuildCompute": a["image_build_compute_name"],
            "primaryUserAssignedIdentity": a["primary_user_assigned_identity"],
            "hbiWorkspace": a["high_business_impact"],
            "v1LegacyMode": a["v1_legacy_mode_enabled"],
            "provisionNetworkNow": a["managed_network.provision_on_creation_enabled"],
            "managedNetwork": {"isolationMode": a["managed_network.isolation_mode"]},
            "serverlessComputeSettings": {
                "serverlessComputeCustomSubnet": a["serverless_compute.subnet_id"],
                "serverlessComputeNoPublicIP": opposite(a["serverless_compute.public_ip_enabled"]),
            },
        },
    }


def datastore(a: Attributes) -> Body:
    held = a["storage_container_id"]
    return {
        "properties": {
            "datastoreType": "AzureDataLakeGen2",
            "accountName": part(held, "storageAccounts"),
            "filesystem": part(held, "containers"),
            "resourceGroup": part(held, "resourceGroups"),
            "subscriptionId": part(held, "subscriptions"),
            "serviceDataAccessAuthIdentity": a["service_data_identity"],
            "credentials": {"credentialsType": "None"},  # the row reads no secret, so one that is set is reported
            "description": a["description"],
            "tags": a["tags"],
        }
    }


def compute_cluster(a: Attributes) -> Body:
    return {
        "identity": identity(a),
        "properties": {
            "computeType": "AmlCompute",
            "computeLocation": a["location"],
            "description": a["description"],
            "disableLocalAuth": opposite(a["local_auth_enabled"]),
            "properties": {
                "vmSize": a["vm_size"],
                "vmPriority": a["vm_priority"],
                "enableNodePublicIp": a["node_public_ip_enabled"],
                "remoteLoginPortPublicAccess": enabled(a["ssh_public_access_enabled"]),
                "subnet": reference(a["subnet_resource_id"]),
                "scaleSettings": {
                    "minNodeCount": a["scale_settings.min_node_count"],
                    "maxNodeCount": a["scale_settings.max_node_count"],
                    "nodeIdleTimeBeforeScaleDown": a["scale_settings.scale_down_nodes_after_idle_duration"],
                },
            },
        },
    }


def diagnostic_setting(a: Attributes) -> Body:
    return {
        "properties": {
            "workspaceId": a["log_analytics_workspace_id"],
            "logAnalyticsDestinationType": a["log_analytics_destination_type"],
            "logs": [
                {"category": log["category"], "categoryGroup": log["category_group"], "enabled": True}
                for log in a.each("enabled_log")
            ],
            "metrics": [{"category": one["category"], "enabled": True} for one in a.each("enabled_metric")],
        }
    }


def action_group(a: Attributes) -> Body:
    return {
        "location": a["location"] or "global",
        "properties": {
            "groupShortName": a["short_name"],
            "enabled": a["enabled"] is not False,
            "emailReceivers": [
                {
                    "name": receiver["name"],
                    "emailAddress": receiver["email_address"],
                    "useCommonAlertSchema": receiver["use_common_alert_schema"],
                }
                for receiver in a.each("email_receiver")
            ],
        },
    }


def dimensions(a: Attributes, block: str) -> list[Body]:
    return [{"name": one["name"], "operator": one["operator"], "values": one["values"]} for one in a.each(block)]


def metric_alert(a: Attributes) -> Body:
    return {
        "location": "global",
        "properties": {
            "description": a["description"],
            "enabled": a["enabled"] is not False,
            "severity": 3 if a["severity"] is None else a["severity"],
            "scopes": a["scopes"],
            "evaluationFrequency": a["frequency"] or "PT1M",
            "windowSize": a["window_size"] or "PT5M",
            "autoMitigate": a["auto_mitigate"] is not False,
            "targetResourceType": a["target_resource_type"],
            "targetResourceRegion": a["target_resource_location"],
            "criteria": {
                "odata.type": "Microsoft.Azure.Monitor.MultipleResourceMultipleMetricCriteria",
                "allOf": [
                    {
                        "criterionType": "StaticThresholdCriterion",
                        "metricNamespace": one["metric_namespace"],
                        "metricName": one["metric_name"],
                        "timeAggregation": one["aggregation"],
                        "operator": one["operator"],
                        "threshold": one["threshold"],
                        "skipMetricValidation": one["skip_metric_validation"],
                        "dimensions": dimensions(one, "dimension"),
                    }
                    for one in a.each("criteria")
                ],
            },
            "actions": [{"actionGroupId": one["action_group_id"]} for one in a.each("action")],
        },
    }


def query_alert(a: Attributes) -> Body:
    return {
        "kind": "LogAlert",
        "properties": {
            "description": a["description"],
            "displayName": a["display_name"],
            "enabled": a["enabled"] is not False,
            "severity": a["severity"],
            "scopes": a["scopes"],
            "evaluationFrequency": a["evaluation_frequency"],
            "windowSize": a["window_duration"],
            "autoMitigate": bool(a["auto_mitigation_enabled"]),
            "skipQueryValidation": bool(a["skip_query_validation"]),
            "criteria": {
                "allOf": [
                    {
                        "query": one["query"],
                        "timeAggregation": one["time_aggregation_method"],
                        "operator": one["operator"],
                        "threshold": one["threshold"],
                        "failingPeriods": {
                            "minFailingPeriodsToAlert": one["failing_periods.minimum_failing_periods_to_trigger_alert"],
                            "numberOfEvaluationPeriods": one["failing_periods.number_of_evaluation_periods"],
                        },
                    }
                    for one in a.each("criteria")
                ]
            },
            "actions": {"actionGroups": a["action.action_groups"]},
        },
    }


def activity_alert(a: Attributes) -> Body:
    return {
        "location": a["location"],
        "properties": {
            "description": a["description"],
            "enabled": a["enabled"] is not False,
            "scopes": a["scopes"],
            "condition": {"allOf": [{"field": "category", "equals": a["criteria.category"]}]},
            "actions": {"actionGroups": [{"actionGroupId": one["action_group_id"]} for one in a.each("action")]},
        },
    }


def budget(a: Attributes) -> Body:
    return {
        "properties": {
            "category": "Cost",
            "amount": a["amount"],
            "timeGrain": a["time_grain"] or "Monthly",
            "timePeriod": {"startDate": a["time_period.start_date"], "endDate": a["time_period.end_date"]},
            "notifications": {
                f"{one['threshold_type'] or 'Actual'}_{one['operator']}_{one['threshold']}_Percent": {
                    "enabled": one["enabled"] is not False,
                    "operator": one["operator"],
                    "threshold": one["threshold"],
                    "thresholdType": one["threshold_type"] or "Actual",
                    "contactGroups": one["contact_groups"],
                    "contactEmails": one["contact_emails"],
                    "contactRoles": one["contact_roles"],
                }
                for one in a.each("notification")
            },
        }
    }


def private_endpoint(a: Attributes) -> Body:
    connection = {
        "name": a["private_service_connection.name"],
        "properties": {
            "privateLinkServiceId": a["private_service_connection.private_connection_resource_id"],
            "groupIds": a["private_service_connection.subresource_names"],
        },
    }
    manual = a["private_service_connection.is_manual_connection"]
    return {
        "properties": {
            "subnet": reference(a["subnet_id"]),
            "customNetworkInterfaceName": a["custom_network_interface_name"],
            "manualPrivateLinkServiceConnections" if manual else "privateLinkServiceConnections": [connection],
        }
    }


def zone_group(a: Attributes) -> list[Child]:
    return [
        Child(
            "Microsoft.Network/privateEndpoints/privateDnsZoneGroups",
            group["name"],
            {
                "properties": {
                    "privateDnsZoneConfigs": [
                        {"name": zone.rsplit("/", 1)[1], "properties": {"privateDnsZoneId": zone}}
                        for zone in group["private_dns_zone_ids"]
                    ]
                }
            },
        )
        for group in a.each("private_dns_zone_group")
    ]


def virtual_network(a: Attributes) -> Body:
    subnets = [
        {
            "name": subnet["name"],
            "properties": {
                "addressPrefixes": subnet["address_prefixes"],
                "networkSecurityGroup": reference(subnet["security_group"] or None),
                "privateEndpointNetworkPolicies": subnet["private_endpoint_network_policies"] or None,
                "defaultOutboundAccess": subnet["default_outbound_access_enabled"],
            },
        }
        for subnet in a.each("subnet")
    ]
    return {
        "properties": {
            "addressSpace": {"addressPrefixes": a["address_space"]},
            "dhcpOptions": {"dnsServers": a["dns_servers"]},
            "subnets": subnets,
        }
    }


def subnet(a: Attributes) -> Body:
    return {
        "properties": {
            "addressPrefixes": a["address_prefixes"],
            "privateEndpointNetworkPolicies": a["private_endpoint_network_policies"],
            "defaultOutboundAccess": a["default_outbound_access_enabled"],
            "serviceEndpoints": [{"service": one["service"]} for one in a.each("service_endpoint")],
        }
    }


def role_assignment(a: Attributes) -> Body:
    return {
        "properties": {
            "principalId": a["principal_id"],
            "principalType": a["principal_type"],
            "roleDefinitionId": a["role_definition_id"],
            "description": a["description"],
            "condition": a["condition"],
            "conditionVersion": a["condition_version"],
        }
    }


def autoscale(a: Attributes) -> Body:
    def rule(one: Attributes) -> Body:
        return {
            "metricTrigger": {
                "metricName": one["metric_trigger.metric_name"],
                "metricNamespace": one["metric_trigger.metric_namespace"],
                "metricResourceUri": one["metric_trigger.metric_resource_id"],
                "operator": one["metric_trigger.operator"],
                "statistic": one["metric_trigger.statistic"],
                "threshold": one["metric_trigger.threshold"],
                "timeAggregation": one["metric_trigger.time_aggregation"],
                "timeGrain": one["metric_trigger.time_grain"],
                "timeWindow": one["metric_trigger.time_window"],
                "dividePerInstance": one["metric_trigger.divide_by_instance_count"],
                "dimensions": [
                    {"DimensionName": each["name"], "Operator": each["operator"], "Values": each["values"]}
                    for trigger in one.each("metric_trigger")
                    for each in trigger.each("dimensions")
                ],
            },
            "scaleAction": {
                "direction": one["scale_action.direction"],
                "type": one["scale_action.type"],
                "value": str(one["scale_action.value"]),
                "cooldown": one["scale_action.cooldown"],
            },
        }

    return {
        "properties": {
            "enabled": a["enabled"] is not False,
            "targetResourceUri": a["target_resource_id"],
            "profiles": [
                {
                    "name": profile["name"],
                    "capacity": {
                        "default": str(profile["capacity.default"]),
                        "minimum": str(profile["capacity.minimum"]),
                        "maximum": str(profile["capacity.maximum"]),
                    },
                    "rules": [rule(one) for one in profile.each("rule")],
                }
                for profile in a.each("profile")
            ],
        }
    }


def nothing(a: Attributes) -> Body:
    return {}


def assignment_name(a: Attributes) -> str:
    return stand_in(f"{a['scope']}#{a['principal_id']}#{a['role_definition_id']}", "name")


_ML = "Microsoft.MachineLearningServices/workspaces"

ROWS: dict[str, Row] = {
    "azurerm_application_insights": Row("Microsoft.Insights/components", application_insights),
    "azurerm_consumption_budget_resource_group": Row(
        "Microsoft.Consumption/budgets", budget, parent="resource_group_id", extension=True, location=False
    ),
    "azurerm_container_registry": Row("Microsoft.ContainerRegistry/registries", container_registry),
    "azurerm_federated_identity_credential": Row(
        "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials",
        lambda a: {"properties": {"issuer": a["issuer"], "subject": a["subject"], "audiences": a["audience"]}},
        parent="user_assigned_identity_id",
        location=False,
    ),
    "azurerm_key_vault": Row("Microsoft.KeyVault/vaults", key_vault),
    "azurerm_log_analytics_workspace": Row("Microsoft.OperationalInsights/workspaces", log_analytics),
    "azurerm_machine_learning_compute_cluster": Row(
        f"{_ML}/computes", compute_cluster, parent="machine_learning_workspace_id"
    ),
    "azurerm_machine_learning_datastore_datalake_gen2": Row(
        f"{_ML}/datastores", datastore, parent="workspace_id", location=False
    ),
    "azurerm_machine_learning_workspace": Row(_ML, workspace),
    "azurerm_monitor_action_group": Row("Microsoft.Insights/actionGroups", action_group),
    "azurerm_monitor_autoscale_setting": Row("Microsoft.Insights/autoscaleSettings", autoscale),
    "azurerm_monitor_activity_log_alert": Row("Microsoft.Insights/activityLogAlerts", activity_alert),
    "azurerm_monitor_scheduled_query_rules_alert_v2": Row("Microsoft.Insights/scheduledQueryRules", query_alert),
    "azurerm_monitor_diagnostic_setting": Row(
        "Microsoft.Insights/diagnosticSettings",
        diagnostic_setting,
        parent="target_resource_id",
        extension=True,
        location=False,
    ),
    "azurerm_monitor_metric_alert": Row("Microsoft.Insights/metricAlerts", metric_alert),
    "azurerm_network_security_group": Row(
        "Microsoft.Network/networkSecurityGroups",
        lambda a: {"properties": {"securityRules": [dict(rule.values) for rule in a.each("security_rule")]}},
    ),
    "azurerm_private_dns_zone": Row("Microsoft.Network/privateDnsZones", lambda a: {"location": "global"}),
    "azurerm_private_dns_zone_virtual_network_link": Row(
        "Microsoft.Network/privateDnsZones/virtualNetworkLinks",
        lambda a: {
            "location": "global",
            "properties": {
                "registrationEnabled": a["registration_enabled"],
                "resolutionPolicy": a["resolution_policy"],
                "virtualNetwork": reference(a["virtual_network_id"]),
            },
        },
        parent="private_dns_zone_id",
    ),
    "azurerm_private_endpoint": Row("Microsoft.Network/privateEndpoints", private_endpoint, children=zone_group),
    "azurerm_role_assignment": Row(
        "Microsoft.Authorization/roleAssignments",
        role_assignment,
        parent="scope",
        extension=True,
        name=assignment_name,
        location=False,
    ),
    "azurerm_storage_account": Row("Microsoft.Storage/storageAccounts", storage_account, children=blob_service),
    "azurerm_storage_container": Row(
        "Microsoft.Storage/storageAccounts/blobServices/containers",
        container,
        parent="storage_account_id",
        below="/blobServices/default",
        location=False,
    ),
    "azurerm_storage_management_policy": Row(
        "Microsoft.Storage/storageAccounts/managementPolicies",
        management_policy,
        parent="storage_account_id",
        name=lambda a: "default",
        location=False,
    ),
    "azurerm_subnet": Row(
        "Microsoft.Network/virtualNetworks/subnets",
        subnet,
        name=lambda a: f"{a['virtual_network_name']}/{a['name']}",
        location=False,
    ),
    "azurerm_subnet_network_security_group_association": Row(
        "Microsoft.Network/virtualNetworks/subnets",
        lambda a: {"properties": {"networkSecurityGroup": reference(a["network_security_group_id"])}},
        parent="subnet_id",
        location=False,
        into_parent=True,
    ),
    "azurerm_user_assigned_identity": Row("Microsoft.ManagedIdentity/userAssignedIdentities", nothing),
    "azurerm_virtual_network": Row("Microsoft.Network/virtualNetworks", virtual_network),
}
