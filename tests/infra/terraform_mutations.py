"""Mistakes in the Terraform layer: each is one that somebody could make, and that the project's checks have to find."""

from __future__ import annotations

from tests.infra.cases import REPRESENTATIVE
from tests.infra.mutations import Mutation

ISOLATED, MANAGED = REPRESENTATIVE[1:3]

_STORAGE = "modules/storage/main.tf"
_VAULT = "modules/key_vault/main.tf"
_IMAGES = "modules/container_registry/main.tf"
_WORKSPACE = "modules/workspace/main.tf"
_CLUSTER = "modules/compute_cluster/main.tf"
_ALERTS = "modules/alerts/main.tf"
_EVENTS = "modules/events/main.tf"
_HEARD = "modules/events/subscriptions.tf"
_NETWORK = "modules/network/main.tf"

MUTATIONS = [
    # Keys and data
    Mutation(
        _STORAGE,
        "shared_access_key_enabled        = false",
        "shared_access_key_enabled        = true",
        "storage takes keys",
    ),
    Mutation(
        _STORAGE,
        "allow_nested_items_to_be_public  = false",
        "allow_nested_items_to_be_public  = true",
        "blobs may be public",
    ),
    Mutation(_STORAGE, '"TLS1_2"', '"TLS1_0"', "storage takes broken encryption"),
    Mutation(_STORAGE, "  local_user_enabled               = false\n", "", "storage has users with passwords"),
    Mutation(_STORAGE, '"private"', '"blob"', "a container is public"),
    Mutation(_STORAGE, "versioning_enabled = !var.hierarchical", "versioning_enabled = false", "old versions are lost"),
    Mutation(_STORAGE, "    delete_retention_policy {\n      days = 14\n    }\n\n", "", "deleted blobs are lost"),
    Mutation(
        _STORAGE,
        "delete_after_days_since_creation = 30",
        "delete_after_days_since_creation = 3",
        "old versions go too early",
    ),
    Mutation(_STORAGE, "count = var.hierarchical ? 0 : 1", "count = var.hierarchical ? 1 : 0", "old versions pile up"),
    Mutation(_STORAGE, '  enabled_log {\n    category = "StorageDelete"\n  }\n', "", "nobody sees who deleted data"),
    Mutation(_STORAGE, "/blobServices/default", "", "logs of blobs are asked of the account"),
    Mutation(
        _VAULT,
        "rbac_authorization_enabled    = true",
        "rbac_authorization_enabled    = false",
        "policies open the vault",
    ),
    Mutation(
        _VAULT,
        "purge_protection_enabled      = true",
        "purge_protection_enabled      = false",
        "secrets can be purged",
    ),
    Mutation(_IMAGES, "admin_enabled          = false", "admin_enabled          = true", "images have a password"),
    Mutation(_IMAGES, "anonymous_pull_enabled = false", "anonymous_pull_enabled = true", "anybody pulls images"),
    Mutation(
        _WORKSPACE,
        'storage_account_access_type   = "Identity"',
        'storage_account_access_type   = "AccessKey"',
        "datastores hold keys",
    ),
    Mutation(
        _CLUSTER,
        "local_auth_enabled            = false",
        "local_auth_enabled            = true",
        "machines take passwords",
    ),
    Mutation(
        _CLUSTER, "min_node_count                       = 0", "min_node_count                       = 1", "idle costs"
    ),
    Mutation(_CLUSTER, '"Dedicated"', '"LowPriority"', "machines are taken away from running jobs"),
    Mutation("main.tf", "hierarchical     = true", "hierarchical     = false", "the lake has no folders"),
    Mutation("main.tf", 'replace(container, "-", "_")', "container", "a datastore has a name that Azure refuses"),
    # Networks
    Mutation(
        _STORAGE,
        "public_network_access_enabled    = !var.closed",
        "public_network_access_enabled    = true",
        "a closed account is open",
        MANAGED,
    ),
    Mutation(_VAULT, '"Deny" : "Allow"', '"Allow" : "Deny"', "the vault's doors are the wrong way round"),
    Mutation(
        _WORKSPACE,
        "public_network_access_enabled = !var.closed",
        "public_network_access_enabled = var.closed",
        "the workspace is open when closed",
    ),
    Mutation(
        "network.tf",
        'managed  = "AllowInternetOutbound"',
        'managed  = "AllowOnlyApprovedOutbound"',
        "a managed network is isolated",
        MANAGED,
    ),
    Mutation(
        _CLUSTER,
        "node_public_ip_enabled        = !var.closed",
        "node_public_ip_enabled        = true",
        "closed machines have public addresses",
        MANAGED,
    ),
    Mutation(
        "network.tf",
        'file         = ["privatelink.file.core.windows.net"]',
        'file         = ["privatelink.blob.core.windows.net"]',
        "files are looked up in the zone of blobs",
        MANAGED,
    ),
    Mutation(
        "network.tf",
        "    storage-queue = { modes = local.either, resource_id = module.storage.id",
        "    storage-queue = { modes = local.either, resource_id = module.data_lake.id",
        "batch endpoints cannot queue their work",
        MANAGED,
    ),
    Mutation(
        "network.tf",
        '    ml-registry = { modes = local.isolated, resource_id = local.ml_registry_id, subresource = "amlregistry" }',
        '    ml-registry = { modes = local.either, resource_id = local.ml_registry_id, subresource = "amlregistry" }',
        "an open registry gets a private endpoint",
        MANAGED,
    ),
    Mutation(
        _NETWORK, "registration_enabled = false", "registration_enabled = true", "machines fill the zones", MANAGED
    ),
    Mutation(
        _NETWORK,
        "network_security_group_id = azurerm_network_security_group.main.id",
        "network_security_group_id = replace(azurerm_network_security_group.main.id, var.name, var.workspace_name)",
        "another group guards the subnet",
        MANAGED,
    ),
    Mutation(
        _WORKSPACE,
        "provision_on_creation_enabled = var.closed",
        "provision_on_creation_enabled = false",
        "the first job waits half an hour",
        MANAGED,
    ),
    Mutation(
        "main.tf",
        "image_build_compute = local.closed ? local.config.cpu_cluster.name : null",
        "image_build_compute = null",
        "closed images cannot be built",
        MANAGED,
    ),
    Mutation(
        "registry/main.tf",
        'local.closed ? "Disabled" : "Enabled"',
        '"Enabled"',
        "the isolated registry is public",
        ISOLATED,
    ),
    # Roles
    Mutation(
        "roles.tf",
        '{ who = "jobs", role = "Storage Blob Data Reader", on = "data_lake"',
        '{ who = "jobs", role = "Storage Blob Data Contributor", on = "data_lake"',
        "jobs write the data they learn from",
    ),
    Mutation(
        "roles.tf",
        '{ who = "jobs", role = "AcrPull", on = "container_registry"',
        '{ who = "jobs", role = "AcrPull", on = "resource_group"',
        "a role reaches the whole group",
    ),
    Mutation(
        "roles.tf",
        '{ who = "data_scientists", in = ["staging", "prod"], role = "Reader", on = "workspace"',
        '{ who = "data_scientists", in = ["staging", "prod"], role = "AzureML Data Scientist", on = "workspace"',
        "people run things in prod",
    ),
    Mutation(
        "roles.tf",
        '{ who = "endpoint", role = "AzureML Metrics Writer", on = "workspace"',
        '{ who = "endpoint", role = "Reader", on = "workspace"',
        "endpoints report nothing",
    ),
    Mutation(
        "roles.tf",
        '"7f951dda-4ed3-4680-a7ca-43fe172d538d"',
        '"8311e382-0749-4cb8-b61a-304f252e45ec"',
        "pull becomes push",
    ),
    Mutation(
        "roles.tf",
        'ci_only  = ["Contributor", "Role Based Access Control Administrator"]',
        'ci_only  = ["Role Based Access Control Administrator"]',
        "CI makes others contributors",
    ),
    Mutation(
        "roles.tf",
        '      format(local.given_by, "delete", "Resource", local.given, "Resource"),\n',
        "",
        "CI takes anybody's roles away",
    ),
    Mutation("roles.tf", 'type = "Group" }', 'type = "User" }', "groups are given roles as people"),
    Mutation(
        "roles.tf",
        "for_each = { for name, row in local.assignments : name => row if local.assign_roles }",
        "for_each = local.assignments",
        "roles are given where that is forbidden",
        REPRESENTATIVE[5],
    ),
    Mutation(
        "configuration.tf",
        'subject = "${local.config.ci.subject_prefix}:environment:${local.environment}"',
        'subject = "${local.config.ci.subject_prefix}:environment:dev"',
        "jobs of dev act in prod",
    ),
    Mutation(
        "modules/identities/main.tf",
        'user_assigned_identity_id = azurerm_user_assigned_identity.main["ci"].id',
        'user_assigned_identity_id = azurerm_user_assigned_identity.main["jobs"].id',
        "CI acts as jobs do",
    ),
    # Alerts
    Mutation(_ALERTS, '"Failed Runs"', '"FailedRuns"', "an alert measures what is not there"),
    Mutation(_ALERTS, "threshold = var.quota_percent", "threshold = 8", "the quota's alert is not the configuration's"),
    Mutation(
        _ALERTS,
        "    action_group_id = azurerm_monitor_action_group.mail.id",
        "    action_group_id = azurerm_monitor_action_group.main.id",
        "the Logic App is told that it failed",
    ),
    Mutation(_ALERTS, 'split = ["ClusterName"]', "split = []", "one cluster hides behind another"),
    Mutation(_ALERTS, '"Forecasted"', '"Actual"', "nobody is told before the money is spent"),
    Mutation(_ALERTS, "amount            = var.monthly_budget", "amount            = 1000000", "any cost is fine"),
    Mutation(
        "endpoint/alerts.tf",
        'only = { statusCodeClass = "5xx" }',
        "only = {}",
        "every answer counts as an error",
    ),
    Mutation(
        "endpoint/deployments.tf", 'operator = "LessThan"', 'operator = "GreaterThan"', "lost machines are not seen"
    ),
    Mutation("endpoint/deployments.tf", "DiskUtilization", "DiskUtilizationPercentage", "full disks are not seen"),
    Mutation("endpoint/autoscale.tf", '"Decrease"', '"Increase"', "idle machines bring more machines"),
    Mutation(
        "endpoint/autoscale.tf",
        "maximum = local.online.max_instances",
        "maximum = local.online.min_instances",
        "nothing is scaled out",
    ),
    # Events
    Mutation(_HEARD, '["passed", "overridden"]', '["passed", "overridden", "failed"]', "failed models are promoted"),
    Mutation(_HEARD, 'begins = "models/${var.model}:"', 'begins = "models/${var.model}"', "models of others are heard"),
    Mutation(
        _HEARD,
        'in      = ["prod"]',
        'in      = ["dev", "prod"]',
        "data in dev starts something",
    ),
    Mutation(
        _HEARD,
        "data.azapi_resource_action.receiver_callback.sensitive_output.value",
        "data.azapi_resource_action.callback.sensitive_output.value",
        "Event Grid is answered by nobody",
    ),
    Mutation(
        _EVENTS,
        "parameters = { for name, value in var.parameters : name => { value = value } }",
        "parameters = { for name, value in var.parameters : name => { value = "
        "data.azapi_resource_action.receiver_callback.sensitive_output.value } }",
        "the Logic App waits for itself",
    ),
    Mutation("events.tf", "dataLakeId      = module.data_lake.id", "dataLakeId      = module.storage.id", "wrong lake"),
    Mutation(
        "modules/kubernetes/main.tf",
        'allowInsecureConnections   = "false"',
        'allowInsecureConnections   = "true"',
        "models answer without TLS",
    ),
    # What only Terraform's own tests see
    Mutation(
        "configuration.tf",
        'condition     = !local.closed || local.sizes.container_registry_sku == "Premium"',
        'condition     = !local.closed || local.sizes.container_registry_sku != ""',
        "a closed registry without private endpoints is accepted",
    ),
    Mutation(
        "configuration.tf",
        "condition     = local.config.environment == local.environment",
        "condition     = local.config.environment != null",
        "the file of another environment is accepted",
    ),
    Mutation("outputs.tf", 'output "ci_client_id"', 'output "ci_id"', "CI does not find the identity to sign in as"),
    Mutation(
        "modules/events/outputs.tf",
        "  sensitive   = true\n",
        "",
        "a plan shows the address of the Logic App",
    ),
]
