"""Mistakes in the Bicep layer: each is one that somebody could make, and that the project's checks have to find."""

from __future__ import annotations

from tests.infra.cases import REPRESENTATIVE
from tests.infra.mutations import Mutation

ISOLATED, MANAGED = REPRESENTATIVE[1:3]

_STORAGE = "modules/storage.bicep"
_VAULT = "modules/key-vault.bicep"
_IMAGES = "modules/container-registry.bicep"
_WORKSPACE = "modules/workspace.bicep"
_CLUSTER = "modules/compute-cluster.bicep"
_ALERTS = "modules/alerts.bicep"
_EVENTS = "modules/events.bicep"
_GIVEN = "modules/roles.bicep"
_ACCESS = "publicNetworkAccess: closed ? 'Disabled' : 'Enabled'"
_OPEN = "publicNetworkAccess: closed ? 'Enabled' : 'Disabled'"

MUTATIONS = [
    # Keys and data
    Mutation(_STORAGE, "allowSharedKeyAccess: false", "allowSharedKeyAccess: true", "storage takes keys"),
    Mutation(_STORAGE, "allowBlobPublicAccess: false", "allowBlobPublicAccess: true", "blobs may be public"),
    Mutation(_STORAGE, "minimumTlsVersion: 'TLS1_2'", "minimumTlsVersion: 'TLS1_0'", "storage takes broken encryption"),
    Mutation(_STORAGE, "isLocalUserEnabled: false", "isLocalUserEnabled: true", "storage has users with passwords"),
    Mutation(
        _STORAGE,
        "allowCrossTenantReplication: false",
        "allowCrossTenantReplication: true",
        "data is copied to other tenants",
    ),
    Mutation(_STORAGE, "publicAccess: 'None'", "publicAccess: 'Blob'", "a container is public"),
    Mutation(_STORAGE, "isVersioningEnabled: !hierarchical", "isVersioningEnabled: false", "old versions are lost"),
    Mutation(
        _STORAGE,
        "    deleteRetentionPolicy: {\n      enabled: true",
        "    deleteRetentionPolicy: {\n      enabled: false",
        "deleted blobs are lost",
    ),
    Mutation(_STORAGE, "daysAfterCreationGreaterThan: 30", "daysAfterCreationGreaterThan: 3", "versions go too early"),
    Mutation(_STORAGE, "      { category: 'StorageDelete', enabled: true }\n", "", "nobody sees who deleted data"),
    Mutation(_STORAGE, "    parent: blobs\n", "    parent: account\n", "containers lie in the wrong place"),
    Mutation(_VAULT, "enableRbacAuthorization: true", "enableRbacAuthorization: false", "policies open the vault"),
    Mutation(_VAULT, "enablePurgeProtection: true", "enablePurgeProtection: false", "secrets can be purged"),
    Mutation(_VAULT, "softDeleteRetentionInDays: 90", "softDeleteRetentionInDays: 7", "secrets are lost in a week"),
    Mutation(_IMAGES, "adminUserEnabled: false", "adminUserEnabled: true", "images have a password"),
    Mutation(_IMAGES, "anonymousPullEnabled: false", "anonymousPullEnabled: true", "anybody pulls images"),
    Mutation("modules/monitoring.bicep", " disableLocalAuth: true", " disableLocalAuth: false", "logs take keys"),
    Mutation("modules/monitoring.bicep", "DisableLocalAuth: true", "DisableLocalAuth: false", "insights take keys"),
    Mutation(
        _WORKSPACE,
        "systemDatastoresAuthMode: 'Identity'",
        "systemDatastoresAuthMode: 'AccessKey'",
        "datastores hold keys",
    ),
    Mutation(_CLUSTER, "disableLocalAuth: true", "disableLocalAuth: false", "machines take passwords"),
    Mutation(
        _CLUSTER,
        "remoteLoginPortPublicAccess: 'Disabled'",
        "remoteLoginPortPublicAccess: 'Enabled'",
        "machines are open to SSH",
    ),
    Mutation(_CLUSTER, "minNodeCount: 0", "minNodeCount: 1", "a machine runs without work"),
    Mutation(
        "modules/registry.bicep", "allowBlobPublicAccess: false", "allowBlobPublicAccess: true", "models may be public"
    ),
    # Networks
    Mutation(_STORAGE, _ACCESS, _OPEN, "closed storage is open", ISOLATED),
    Mutation(_VAULT, _ACCESS, _OPEN, "a closed vault is open", MANAGED),
    Mutation(_IMAGES, _ACCESS, _OPEN, "closed images are open", MANAGED),
    Mutation(_WORKSPACE, _ACCESS, _OPEN, "a closed workspace is open", ISOLATED),
    Mutation("modules/registry.bicep", _ACCESS, _OPEN, "models are open", ISOLATED),
    Mutation(
        _STORAGE, "closed ? 'Deny' : 'Allow'", "closed ? 'Allow' : 'Deny'", "the firewall is turned round", ISOLATED
    ),
    Mutation(_CLUSTER, "enableNodePublicIp: !closed", "enableNodePublicIp: closed", "machines have addresses", MANAGED),
    Mutation(
        "main.bicep",
        "  isolated: 'AllowOnlyApprovedOutbound'",
        "  isolated: 'AllowInternetOutbound'",
        "isolated computes reach everything",
        ISOLATED,
    ),
    Mutation(
        "network.bicep",
        "on: 'key_vault', subresource: 'vault'",
        "on: 'key_vault', subresource: 'blob'",
        "the vault has no way in",
        MANAGED,
    ),
    Mutation(
        "modules/virtual-network.bicep",
        "registrationEnabled: false",
        "registrationEnabled: true",
        "machines register in the zones",
        ISOLATED,
    ),
    Mutation(
        "modules/private-endpoints.bicep", "if (!empty(zoneIds))", "if (empty(zoneIds))", "no name resolves", ISOLATED
    ),
    Mutation(
        "modules/outbound-rules.bicep",
        "serviceResourceId: targets[item.on]",
        "serviceResourceId: targets.storage",
        "computes miss the lake",
        MANAGED,
    ),
    Mutation(
        "main.bicep",
        "  dependsOn: [workspace, roles, registryRoles]\n",
        "  dependsOn: [workspace]\n",
        "rules come before the right to approve them",
        ISOLATED,
    ),
    # Rights
    Mutation(
        "roles.bicep",
        "role: 'Storage Blob Data Reader', on: 'data_lake', environments: everywhere",
        "role: 'Storage Blob Data Contributor', on: 'data_lake', environments: everywhere",
        "jobs write data",
    ),
    Mutation(
        "roles.bicep", "7f951dda-4ed3-4680-a7ca-43fe172d538d", "8311e382-0749-4cb8-b622-304f252e45ec", "jobs push"
    ),
    Mutation(
        "roles.bicep",
        "var ciOnly = ['Contributor', 'Role Based Access Control Administrator']",
        "var ciOnly = ['Role Based Access Control Administrator']",
        "CI makes others contributors",
    ),
    Mutation(
        "roles.bicep",
        "role: 'AzureML Registry User', on: 'ml_registry', environments: ['dev', 'staging']",
        "role: 'AzureML Registry User', on: 'ml_registry', environments: everywhere",
        "CI of prod writes models",
    ),
    Mutation(_GIVEN, "(!(ActionMatches", "((ActionMatches", "the condition says the opposite"),
    Mutation(_GIVEN, "    scope: storage\n", "    scope: dataLake\n", "rights on the wrong account"),
    Mutation(_GIVEN, "  jobs: jobs.properties.principalId", "  jobs: ci.properties.principalId", "jobs have no rights"),
    Mutation(_GIVEN, "jobs.properties.principalId", "jobs.properties.principalID", "a misspelt attribute"),
    Mutation("modules/registry-roles.bicep", "? 'Group' :", "? 'User' :", "Azure looks for people, not groups"),
    Mutation("main.bicep", ":environment:${config.environment}", ":environment:dev", "CI of dev is trusted in prod"),
    Mutation("modules/identities.bicep", "api://AzureADTokenExchange", "api://AzureADToken", "CI's tokens are refused"),
    Mutation("main.bicep", "row => giveCiItsRights ||", "row => true ||", "CI renews its own rights"),
    # Who is told
    Mutation(_ALERTS, "metric: 'Failed Runs'", "metric: 'FailedRuns'", "no failed job is seen"),
    Mutation(_ALERTS, "threshold: quotaPercent", "threshold: 100 - quotaPercent", "quota is told too early"),
    Mutation(_ALERTS, "split: ['ClusterName']", "split: ['Clustername']", "clusters are mixed up"),
    Mutation(_ALERTS, "metricName: 'RunsFailed'", "metricName: 'RunsCompleted'", "success raises the alarm"),
    Mutation(_ALERTS, "actionGroupId: mailGroup.id", "actionGroupId: actionGroup.id", "it tells of its own failure"),
    Mutation(_ALERTS, "        threshold: 80\n", "        threshold: 180\n", "the budget is told late"),
    Mutation(
        "endpoint.bicep", "metric: 'RequestLatency_P95'", "metric: 'RequestLatency_P50'", "slow answers go unseen"
    ),
    Mutation("endpoint.bicep", "{ statusCodeClass: '5xx' }", "{ statusCodeClass: '4xx' }", "broken answers go unseen"),
    Mutation(
        "modules/deployment.bicep", "threshold: size.min_instances", "threshold: size.max_instances", "always alarmed"
    ),
    Mutation("modules/deployment.bicep", "string(size.max_instances)", "string(size.min_instances)", "nothing scales"),
    Mutation(
        "modules/deployment.bicep",
        "              direction: 'Decrease'",
        "              direction: 'Increase'",
        "it never scales in",
    ),
    # Events
    Mutation(_EVENTS, "contains(['dev', 'staging'], environment)", "environment == 'dev'", "staging promotes nothing"),
    Mutation(_EVENTS, "'models/${events.model}:'", "'models/${events.model}'", "other models start pipelines"),
    Mutation(_EVENTS, "values: ['passed', 'overridden']", "values: ['passed', 'failed']", "failed models are promoted"),
    Mutation(_EVENTS, "maxDeliveryAttempts: 30", "maxDeliveryAttempts: 1", "an event is lost at once"),
    Mutation(
        _EVENTS,
        "endpointUrl: receiverTrigger.listCallbackUrl().value",
        "endpointUrl: trigger.listCallbackUrl().value",
        "nobody answers the handshake",
    ),
    Mutation(
        _EVENTS,
        "// Which events are heard",
        "output address string = trigger.listCallbackUrl().value\n// Which events are heard",
        "an output shows the callback address",
    ),
    # Kubernetes
    Mutation(
        "modules/kubernetes-extension.bicep",
        "allowInsecureConnections: 'false'",
        "allowInsecureConnections: 'true'",
        "models answer without TLS",
    ),
    Mutation(
        "modules/kubernetes-extension.bicep",
        "closed ? { internalLoadBalancerProvider: 'azure' } : {}",
        "!closed ? { internalLoadBalancerProvider: 'azure' } : {}",
        "closed models are on the internet",
        ISOLATED,
    ),
    # Wiring
    Mutation("dev.bicepparam", "../config/dev.yml", "../config/staging.yml", "dev is built as staging"),
    Mutation("main.bicep", "name: names.data_lake\n", "name: names.storage_account\n", "one account for both"),
    Mutation("main.bicep", "  name: 'data-lake'\n", "  name: 'storage'\n", "two deployments of one name"),
    Mutation("main.bicep", "retentionDays: config.sizes.log_retention_days", "retentionDays: 30", "logs go early"),
    Mutation("main.bicep", "config.alert_email", "config.alert_mail", "a misspelt key"),
    Mutation("main.bicep", "if (config.?gpu_cluster != null)", "if (config.?gpu_cluster == null)", "no GPUs"),
    Mutation(
        "main.bicep",
        "dependsOn: [monitoring, storage, dataLake, keyVault, containerRegistry, identities]",
        "dependsOn: [monitoring, storage, dataLake, keyVault, containerRegistry]",
        "the workspace comes before its identity",
    ),
    Mutation("main.bicep", "output workspaceName string", "output workspace string", "an output is renamed"),
    Mutation(
        "types.bicep", "  monthly_budget: int?", "  monthly_budgets: int?", "a key of the configuration is unknown"
    ),
]
