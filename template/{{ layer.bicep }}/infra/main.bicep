// One environment of Azure Machine Learning: one workspace and all it needs. Every access needs an identity and a role.
// Names, sizes and the network mode come from config/, roles, endpoints, logs and alerts from tables/.

targetScope = 'resourceGroup'

import { subnet, zones } from 'configuration.bicep'
import {
  Alerts
  Ci
  Cluster
  Data
  DataLake
  Environment
  Existing
  Groups
  Names
  Network
  Production
  Registry
  Sizes
  Texts
  Thresholds
  Workstations
} from 'types.bicep'

@description('Required. The environment.')
param environment Environment

@description('Required. How the workspace is reached.')
param network Network

@description('Required. Resources of yours that are used instead of new ones.')
param existing Existing

@description('Required. Names of Azure resources.')
param names Names

@description('Required. Sizes of Azure resources.')
param sizes Sizes

@description('Required. Cluster for jobs.')
param cpuCluster Cluster

@description('Optional. Cluster with GPUs, which only a project whose models need one has.')
param gpuCluster Cluster?

@description('Required. Machines for notebooks.')
param workstations Workstations

@description('Required. The data lake.')
param dataLake DataLake

@description('Required. Data beyond it.')
param data Data

@description('Optional. Where production data is; not in prod itself.')
param production Production?

@description('Required. The Azure ML registry that all environments share.')
param registry Registry

@description('Required. Whose tokens Azure trusts.')
param ci Ci

@description('Required. Groups of people.')
param groups Groups

@description('Required. Values above which an alert is raised.')
param thresholds Thresholds

@description('Required. Who is told.')
param alerts Alerts

@description('Required. Tags of every resource.')
param tags Texts

@description('Optional. false where CI deploys: it may give neither the roles that only people give nor any outside this resource group, and connect to nothing there. An owner has done both before.')
param givesOwnersRights bool = true

@description('Optional. First day of the budget, the first of a month. For a budget that is there, its own: Azure refuses another one.')
param budgetStart string = utcNow('yyyy-MM-01')

@description('Optional. Whether a key vault of this name, which was deleted and is still kept, comes back instead of a new one.')
param recoverKeyVault bool = false

var roleTable = loadYamlContent('tables/roles.yml')
var networkTable = loadYamlContent('tables/network.yml')
var logTable = loadYamlContent('tables/logs.yml')
var alertTable = loadYamlContent('tables/alerts.yml')
var retentionTable = loadYamlContent('tables/retention.yml')

// Closed: reached through private endpoints only, in a subnet of yours or in the network that network.bicep builds.
var closed = network.mode != 'public'
var buildsNetwork = closed && network.?address_space != null
var subnetId = subnet(network, subscription().subscriptionId)
var zoneNames = union([], flatten(map(items(networkTable.zones), zone => zone.value)))
var zoneIds = zones(network, subscription().subscriptionId, zoneNames)

// Refused before anything is built: what would fail in the middle otherwise, or open what should be closed.
var subjects = filter(
  map(['ci', 'infrastructure', 'plan', 'watch'], who => ci.subjects[?who] ?? ''),
  subject => subject != ''
)
var rules = [
  {
    broken: closed && subnetId == ''
    rule: 'network.subnet_id is missing: mode ${network.mode} needs it, or network.address_space, for the private endpoints.'
  }
  {
    broken: buildsNetwork && (network.?subnet_id != null || !empty(network.?private_dns_zone_ids ?? []))
    rule: 'network.address_space is refused: network.subnet_id or network.private_dns_zone_ids name a network of yours.'
  }
  {
    broken: !empty(zoneIds) && !empty(filter(zoneNames, name => !contains(zoneIds, name)))
    rule: 'network.private_dns_zone_ids is refused: list all of ${join(zoneNames, ', ')}, or none where a policy registers the endpoints.'
  }
  {
    broken: !empty(network.?approved_hosts ?? []) && network.mode != 'isolated'
    rule: 'network.approved_hosts is refused: mode ${network.mode} does not limit which hosts computes reach.'
  }
  {
    broken: closed && existing.?container_registry_id == null && sizes.container_registry_sku != 'Premium'
    rule: 'sizes.container_registry_sku: ${sizes.container_registry_sku} is refused: mode ${network.mode} needs Premium, the only one with private endpoints.'
  }
  {
    broken: length(union(subjects, [])) < length(subjects)
    rule: 'ci.subjects is refused: each identity must have a subject of its own, or who may use one may use the other.'
  }
  {
    broken: contains(data.production_access, environment.name) && environment.name != 'prod' && production == null
    rule: 'production is missing: data.production_access has ${environment.name}.'
  }
]
var broken = filter(rules, rule => rule.broken)
var location = empty(broken) ? environment.location : fail(join(map(broken, rule => rule.rule), ' '))

// Known before anything is built, so that a preview of a deployment can tell what its modules will do.
var registrySubscription = registry.?subscription_id ?? subscription().subscriptionId
var readsProduction = contains(data.production_access, environment.name) && environment.name != 'prod'
var productionLakeId = resourceId(
  subscription().subscriptionId,
  production.?resource_group ?? names.resource_group,
  'Microsoft.Storage/storageAccounts',
  production.?data_lake ?? names.data_lake
)
var endpointPrefix = 'pe-${names.workspace}'
var ids = {
  workspace: resourceId('Microsoft.MachineLearningServices/workspaces', names.workspace)
  storage: resourceId('Microsoft.Storage/storageAccounts', names.storage_account)
  data_lake: resourceId('Microsoft.Storage/storageAccounts', names.data_lake)
  production_lake: productionLakeId
  key_vault: existing.?key_vault_id ?? resourceId('Microsoft.KeyVault/vaults', names.key_vault)
  container_registry: existing.?container_registry_id ?? resourceId(
    'Microsoft.ContainerRegistry/registries',
    names.container_registry
  )
  log_analytics: existing.?log_analytics_id ?? resourceId(
    'Microsoft.OperationalInsights/workspaces',
    names.log_analytics
  )
  application_insights: resourceId('Microsoft.Insights/components', names.application_insights)
  identity_jobs: resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', names.identity_jobs)
  identity_endpoint: resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', names.identity_endpoint)
  resource_group: resourceGroup().id
  blob_endpoint: resourceId('Microsoft.Network/privateEndpoints', '${endpointPrefix}-blob')
  file_endpoint: resourceId('Microsoft.Network/privateEndpoints', '${endpointPrefix}-file')
  ml_registry: resourceId(
    registrySubscription,
    registry.resource_group,
    'Microsoft.MachineLearningServices/registries',
    registry.name
  )
  ml_registry_group: '/subscriptions/${registrySubscription}/resourceGroups/${registry.?managed_resource_group ?? 'none'}'
}
var given = concat(
  existing.?key_vault_id == null ? [] : ['key_vault'],
  existing.?container_registry_id == null ? [] : ['container_registry'],
  existing.?log_analytics_id == null ? [] : ['log_analytics']
)

// The conditions that rows of tables/ name.
var conditions = {
  closed: closed
  isolated: network.mode == 'isolated'
  builds: ci.builds_infrastructure
  registry_group: registry.?managed_resource_group != null
  autoscale_role: ci.?autoscale_role_id != null
  labels: contains(dataLake.containers, 'labeling-queue')
  production_data: readsProduction
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  params: {
    location: location
    tags: tags
    logAnalyticsName: existing.?log_analytics_id == null ? names.log_analytics : null
    logAnalyticsId: ids.log_analytics
    applicationInsightsName: names.application_insights
    retentionDays: sizes.log_retention_days
    dailyCapGb: sizes.?log_daily_cap_gb
  }
}

// What stands for these words in the queries of tables/alerts.yml.
var queryWords = {
  workspace: names.workspace
  storage_account: names.storage_account
  watch_silent_hours: string(thresholds.watch_silent_hours)
}

// The workspace's own: code, logs, models.
module storage 'modules/storage.bicep' = {
  name: 'storage'
  params: {
    location: location
    tags: tags
    name: names.storage_account
    replication: sizes.storage_replication
    containers: ['watch'] // claims, leases and the heartbeat of `mlops azure`
    closed: closed
    registryId: ids.ml_registry
    logCategories: logTable.blobs.categories
    logAnalyticsId: ids.log_analytics
  }
  dependsOn: [monitoring]
}

// Your data.
module lake 'modules/storage.bicep' = {
  name: 'data-lake'
  params: {
    location: location
    tags: tags
    name: names.data_lake
    replication: sizes.storage_replication
    hierarchical: true
    containers: dataLake.containers
    retention: retentionTable
    closed: closed
    logCategories: logTable.blobs.categories
    logAnalyticsId: ids.log_analytics
  }
  dependsOn: [monitoring]
}

module security 'modules/security.bicep' = {
  name: 'security'
  params: {
    location: location
    tags: tags
    closed: closed
    keyVaultName: existing.?key_vault_id == null ? names.key_vault : null
    recoverKeyVault: recoverKeyVault
    keyVaultLogs: logTable.key_vault.categories
    containerRegistryName: existing.?container_registry_id == null ? names.container_registry : null
    containerRegistrySku: sizes.container_registry_sku
    containerRegistryLogs: logTable.container_registry.categories
    logAnalyticsId: ids.log_analytics
  }
  dependsOn: [monitoring]
}

module identities 'modules/identities.bicep' = {
  name: 'identities'
  params: {
    location: location
    tags: tags
    names: {
      jobs: names.identity_jobs
      endpoint: names.identity_endpoint
      ci: names.identity_ci
      infrastructure: ci.builds_infrastructure ? names.identity_infrastructure : null
      plan: ci.builds_infrastructure ? names.identity_plan : null
    }
    trusts: map(
      filter(
        ci.builds_infrastructure ? ['ci', 'infrastructure', 'plan', 'watch'] : ['ci', 'watch'],
        who => ci.?issuer != null && ci.?subject_prefix != null && ci.subjects[?who] != null
      ),
      who => {
        name: who == 'watch' ? 'watch' : 'ci'
        who: who == 'watch' ? 'ci' : who // a look of `watch` waits for no approval of `ci`
        issuer: ci.?issuer ?? ''
        subject: '${ci.?subject_prefix}${ci.subjects[?who]}'
      }
    )
  }
}

module workspace 'modules/workspace.bicep' = {
  name: 'workspace'
  params: {
    location: location
    tags: tags
    name: names.workspace
    storageAccountId: ids.storage
    keyVaultId: ids.key_vault
    containerRegistryId: ids.container_registry
    applicationInsightsId: ids.application_insights
    identityId: ids.identity_jobs
    mode: network.mode
    imageBuildCompute: cpuCluster.name
    dataLakeName: names.data_lake
    containers: dataLake.containers
    production: readsProduction ? production : null
    stores: union(data.?sources ?? {}, data.?targets ?? {})
    logCategories: logTable.workspace.categories
    logAnalyticsId: ids.log_analytics
  }
  dependsOn: [monitoring, storage, lake, security, identities]
}

// Whoever gave a resource also gives its private endpoint.
module privateEndpoints 'modules/private-endpoints.bicep' = if (closed) {
  name: 'private-endpoints'
  params: {
    location: location
    tags: tags
    prefix: endpointPrefix
    subnetId: subnetId
    endpoints: filter(
      networkTable.private_endpoints,
      row => contains(row.modes, network.mode) && !contains(given, row.on)
    )
    targets: ids
    zones: networkTable.zones
    zoneIds: zoneIds
  }
  dependsOn: [workspace, storage, lake, security]
}

module roles 'modules/roles.bicep' = {
  name: 'roles'
  params: {
    environment: environment.name
    table: roleTable
    conditions: conditions
    autoscaleRoleId: ci.?autoscale_role_id
    scopes: union(
      ids,
      toObject(
        dataLake.containers,
        name => 'data_lake/${name}',
        name =>
          resourceId('Microsoft.Storage/storageAccounts/blobServices/containers', names.data_lake, 'default', name)
      )
    )
    machines: union(
      {
        jobs: ids.identity_jobs
        endpoint: ids.identity_endpoint
        ci: resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', names.identity_ci)
        workspace: ids.workspace
      },
      ci.builds_infrastructure
        ? {
            infrastructure: resourceId(
              'Microsoft.ManagedIdentity/userAssignedIdentities',
              names.identity_infrastructure
            )
            plan: resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', names.identity_plan)
          }
        : {}
    )
    principals: union(identities.outputs.principalIds, { workspace: workspace.outputs.principalId })
    groups: groups
    given: given
    sources: data.?sources ?? {}
    targets: data.?targets ?? {}
    assignRoles: environment.?assign_roles ?? true
    givesOwnersRights: givesOwnersRights
    registrySubscription: registrySubscription
    registryGroup: registry.resource_group
    registryManagedGroup: registry.?managed_resource_group
    productionGroup: readsProduction ? production.?resource_group : null
  }
  dependsOn: [storage, lake, security, privateEndpoints]
}

// After the roles: the workspace has to be allowed to approve the endpoints that these rules make.
module outboundRules 'modules/outbound-rules.bicep' = if (closed) {
  name: 'outbound-rules'
  params: {
    workspaceName: names.workspace
    endpoints: filter(
      networkTable.outbound_rules,
      row =>
        contains(row.modes, network.mode) && empty(filter(row.?when ?? [], condition => !conditions[condition])) && (givesOwnersRights || !contains(
          ['ml_registry', 'production_lake'],
          row.on
        ))
    )
    targets: ids
    hosts: network.?approved_hosts ?? []
  }
  dependsOn: [workspace, roles]
}

// After the rules: a rule that is written while a cluster joins the network may vanish.
module compute 'modules/compute.bicep' = {
  name: 'compute'
  params: {
    location: location
    tags: tags
    workspaceName: names.workspace
    identityId: ids.identity_jobs
    clusters: concat([cpuCluster], gpuCluster == null ? [] : [gpuCluster!])
    workstations: workstations
    closed: closed
  }
  dependsOn: [workspace, roles, outboundRules]
}

module alerting 'modules/alerts.bicep' = {
  name: 'alerts'
  params: {
    location: location
    tags: tags
    environment: environment.name
    actionGroupName: names.action_group
    email: alerts.email
    workspaceName: names.workspace
    logAnalyticsId: ids.log_analytics
    metrics: map(
      alertTable.workspace,
      row => shallowMerge([row, { threshold: thresholds[?string(row.threshold)] ?? row.threshold }])
    )
    queries: map(
      alertTable.queries,
      row =>
        shallowMerge([
          row
          {
            query: reduce(items(queryWords), row.query, (query, word) => replace(query, '{${word.key}}', word.value))
          }
        ])
    )
    activities: alertTable.activity
    monthlyBudget: alerts.?monthly_budget
    budgetStart: budgetStart
  }
  dependsOn: [workspace]
}

@description('The resource group that holds the environment.')
output resourceGroupName string = resourceGroup().name

@description('The Azure Machine Learning workspace.')
output workspaceName string = names.workspace

@description('The workspace\'s resource ID.')
output workspaceId string = ids.workspace

@description('Resource ID of the workspace\'s own storage account.')
output storageAccountId string = ids.storage

@description('Resource ID of the data lake.')
output dataLakeId string = ids.data_lake

@description('Client ID that the CI signs in with that trains and deploys.')
output ciClientId string = identities.outputs.ciClientId

@description('Client ID that the CI signs in with that builds infrastructure; none without ci.builds_infrastructure.')
output infrastructureClientId string? = identities.outputs.?infrastructureClientId

@description('Client ID that the CI signs in with that compares infrastructure for a pull request; none without ci.builds_infrastructure.')
output planClientId string? = identities.outputs.?planClientId

@description('Commands for whoever may assign roles, by row: all with assign_roles: false, otherwise those on resources that you brought.')
output rolesToAssign Texts = roles.outputs.commands
