// The Azure ML registry that all environments share: a model moves from one to the next through it. It is built once,
// apart from them, so that none of them can take it away.

targetScope = 'resourceGroup'

import { Existing, Network, Registry, Texts } from 'types.bicep'

@description('Required. The registry.')
param registry Registry

@description('Required. How prod is reached: in mode isolated the registry gets private endpoints in the same subnet.')
param network Network

@description('Required. Whether its public endpoint is closed: only where all environments are isolated, any other reaches it there.')
param closed bool

@description('Optional. Resources of yours: the registry sends its log to your Log Analytics workspace, as it has none of its own.')
param existing Existing = {}

@description('Required. Azure region of the network, where its private endpoints are.')
param location string

@description('Required. Tags of every resource.')
param tags Texts

@description('Optional. Object ID of who deploys: Azure exempts it from the deny assignment on the group behind the registry, so that it may assign roles there.')
param deployerId string = deployer().objectId

var networkTable = loadYamlContent('tables/network.yml')
var logTable = loadYamlContent('tables/logs.yml')

var registryId = resourceId('Microsoft.MachineLearningServices/registries', registry.name)
var isolated = network.mode == 'isolated'
var buildsNetwork = network.?address_space != null
var networkGroup = network.?resource_group ?? registry.resource_group
var subnetId = buildsNetwork
  ? resourceId(
      subscription().subscriptionId,
      networkGroup,
      'Microsoft.Network/virtualNetworks/subnets',
      network.?name ?? 'none',
      'endpoints'
    )
  : network.?subnet_id ?? ''
var zoneNames = union([], flatten(map(items(networkTable.zones), zone => zone.value)))
var zoneIds = buildsNetwork
  ? toObject(
      zoneNames,
      name => name,
      name => resourceId(subscription().subscriptionId, networkGroup, 'Microsoft.Network/privateDnsZones', name)
    )
  : toObject(network.?private_dns_zone_ids ?? [], id => last(split(id, '/')), id => id)

module mlRegistry 'modules/registry.bicep' = {
  name: 'registry'
  params: {
    location: registry.location
    tags: tags
    name: registry.name
    closed: closed
    exemptId: deployerId
    logCategories: logTable.ml_registry.categories
    logAnalyticsId: existing.?log_analytics_id
  }
}

// One set for all environments that share the network.
module privateEndpoints 'modules/private-endpoints.bicep' = if (isolated) {
  name: 'private-endpoints'
  params: {
    location: location
    tags: tags
    prefix: 'pe-${registry.name}'
    subnetId: subnetId
    endpoints: networkTable.registry_endpoints
    targets: {
      ml_registry: registryId
      ml_registry_storage: mlRegistry.outputs.storageAccountId
      ml_registry_container_registry: mlRegistry.outputs.containerRegistryId
    }
    zones: networkTable.zones
    zoneIds: zoneIds
  }
}

@description('The registry\'s resource ID.')
output registryId string = registryId

@description('The resource group that Azure made behind the registry, for registry.managed_resource_group in config/: endpoints load models and images from there.')
output managedResourceGroup string = mlRegistry.outputs.managedResourceGroup
