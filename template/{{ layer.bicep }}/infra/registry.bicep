// The Azure ML registry that all environments share: a model moves from one to the next through it. It is built once,
// apart from them, so that none of them can take it away.

targetScope = 'resourceGroup'

import { subnet, zones } from 'configuration.bicep'
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

@description('Optional. Object ID of whoever assigns roles in the group behind the registry: Azure exempts it from the deny assignment there. By default who deploys.')
param exemptId string = deployer().objectId

var networkTable = loadYamlContent('tables/network.yml')
var logTable = loadYamlContent('tables/logs.yml')

var isolated = network.mode == 'isolated'
var zoneNames = union([], flatten(map(items(networkTable.zones), zone => zone.value)))

// Azure makes the storage account and the container registry behind it, in a group of its own. 2026-05-01: the first stable
// version whose type lets assignedIdentities be written.
resource mlRegistry 'Microsoft.MachineLearningServices/registries@2026-05-01' = {
  name: registry.name
  location: registry.location
  tags: tags
  identity: {
    type: 'SystemAssigned'
  }
  properties: {
    publicNetworkAccess: closed ? 'Disabled' : 'Enabled'
    managedResourceGroupSettings: {
      assignedIdentities: [
        {
          principalId: exemptId
        }
      ]
    }
    regionDetails: [
      {
        location: registry.location
        acrDetails: [
          {
            systemCreatedAcrAccount: {
              acrAccountSku: 'Premium'
            }
          }
        ]
        storageAccountDetails: [
          {
            systemCreatedStorageAccount: {
              storageAccountType: 'Standard_LRS'
              allowBlobPublicAccess: false
            }
          }
        ]
      }
    ]
  }
}

resource log 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (existing.?log_analytics_id != null) {
  scope: mlRegistry
  name: 'log-analytics'
  properties: {
    workspaceId: existing.?log_analytics_id
    logs: map(logTable.ml_registry.categories, category => { category: category, enabled: true })
  }
}

// One set for all environments that share the network.
module privateEndpoints 'modules/private-endpoints.bicep' = if (isolated) {
  name: 'private-endpoints'
  params: {
    location: location
    tags: tags
    prefix: 'pe-${registry.name}'
    subnetId: subnet(network, subscription().subscriptionId)
    endpoints: networkTable.registry_endpoints
    targets: {
      ml_registry: mlRegistry.id
      ml_registry_storage: mlRegistry.properties.regionDetails[0].storageAccountDetails[0].systemCreatedStorageAccount!.armResourceId!.resourceId!
      ml_registry_container_registry: mlRegistry.properties.regionDetails[0].acrDetails[0].systemCreatedAcrAccount!.armResourceId!.resourceId!
    }
    zones: networkTable.zones
    zoneIds: zones(network, subscription().subscriptionId, zoneNames)
  }
}

@description('The registry\'s resource ID.')
output registryId string = mlRegistry.id

@description('The resource group that Azure made behind the registry, for registry.managed_resource_group in config/: endpoints load models and images from there.')
output managedResourceGroup string = last(split(mlRegistry.properties.managedResourceGroup!.resourceId!, '/'))
