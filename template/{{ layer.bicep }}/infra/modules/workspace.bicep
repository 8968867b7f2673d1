// The Azure Machine Learning workspace, and the data lake's containers as its datastores.

import { Placement } from '../types.bicep'

@description('Required. Where the resources stand, and their tags.')
param placement Placement

@description('Required. Name of the workspace.')
param name string

@description('Required. Resource ID of its own storage account.')
param storageAccountId string

@description('Required. Resource ID of its key vault.')
param keyVaultId string

@description('Required. Resource ID of its container registry.')
param containerRegistryId string

@description('Required. Resource ID of its Application Insights.')
param applicationInsightsId string

@description('Required. Resource ID of the identity that monitors and jobs without a cluster act as.')
param identityId string

@description('Required. Whether the public endpoint is closed.')
param closed bool

@description('Required. What the managed network lets computes reach.')
param isolationMode 'Disabled' | 'AllowInternetOutbound' | 'AllowOnlyApprovedOutbound'

@description('Optional. Name of the cluster that builds images; without it the container registry does.')
param imageBuildCompute string?

@description('Required. Name of the data lake.')
param dataLakeName string

@description('Required. Containers of the data lake, each of which becomes a datastore.')
param containers string[]

@description('Required. Resource ID of the Log Analytics workspace.')
param logAnalyticsId string

resource workspace 'Microsoft.MachineLearningServices/workspaces@2025-06-01' = {
  name: name
  location: placement.location
  tags: placement.tags
  kind: 'Default'
  sku: {
    name: 'Basic'
    tier: 'Basic'
  }

  // Azure gives the workspace's own identity its roles on the four resources below when it creates the workspace.
  // Monitors and jobs without a cluster act as the other one.
  identity: {
    type: 'SystemAssigned,UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    storageAccount: storageAccountId
    keyVault: keyVaultId
    containerRegistry: containerRegistryId
    applicationInsights: applicationInsightsId
    systemDatastoresAuthMode: 'Identity'
    publicNetworkAccess: closed ? 'Disabled' : 'Enabled'
    imageBuildCompute: imageBuildCompute
    v1LegacyMode: false
    managedNetwork: {
      isolationMode: isolationMode
    }

    // Later, the first cluster or endpoint would wait half an hour for it.
    provisionNetworkNow: closed
  }
}

// No credential is stored: who reads a datastore does so with an identity of their own, which needs a role on the data
// lake. A datastore's name takes no hyphens.
resource datastore 'Microsoft.MachineLearningServices/workspaces/datastores@2025-06-01' = [
  for container in containers: {
    parent: workspace
    name: replace(container, '-', '_')
    properties: {
      datastoreType: 'AzureDataLakeGen2'
      subscriptionId: subscription().subscriptionId
      resourceGroup: resourceGroup().name
      accountName: dataLakeName
      filesystem: container
      serviceDataAccessAuthIdentity: 'None'
      credentials: {
        credentialsType: 'None'
      }
    }
  }
]

resource log 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: workspace
  name: 'log-analytics'
  properties: {
    workspaceId: logAnalyticsId
    logs: [
      { category: 'AmlComputeClusterEvent', enabled: true }
      { category: 'AmlComputeJobEvent', enabled: true }
      { category: 'AmlRunStatusChangedEvent', enabled: true }
      { category: 'ModelsActionEvent', enabled: true }
      { category: 'ModelsChangeEvent', enabled: true }
    ]
  }
}
