// The Azure Machine Learning workspace, and the storage that is its datastores: the data lake's containers, production data
// where jobs may read it, and storage of yours.

import { Production, Stores, Texts } from '../types.bicep'

@description('Required. Azure region.')
param location string

@description('Required. Tags of every resource.')
param tags Texts

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

@description('Required. What the network is like.')
param mode 'public' | 'managed' | 'isolated'

@description('Required. Name of the cluster that builds images where the container registry is closed and cannot do so.')
param imageBuildCompute string

@description('Required. Name of the data lake.')
param dataLakeName string

@description('Required. Containers of the data lake, each of which becomes a datastore.')
param containers string[]

@description('Optional. The lake with production data.')
param production Production?

@description('Required. Storage of yours.')
param stores Stores

@description('Required. Log categories that are kept.')
param logCategories string[]

@description('Required. Resource ID of the Log Analytics workspace.')
param logAnalyticsId string

var closed = mode != 'public'
var isolationModes = {
  public: 'Disabled'
  managed: 'AllowInternetOutbound'
  isolated: 'AllowOnlyApprovedOutbound'
}

// Batch endpoints write to datastores of Blob storage only, which a container of a data lake can be as well.
var blobContainers = ['predictions']

// A datastore's name takes no hyphens. Jobs train on curated data, also on that of prod.
var lakes = concat(
  map(filter(containers, container => !contains(blobContainers, container)), container => {
    name: replace(container, '-', '_')
    subscription: subscription().subscriptionId
    resourceGroup: resourceGroup().name
    account: dataLakeName
    container: container
  }),
  production == null
    ? []
    : [
        {
          name: 'production'
          subscription: subscription().subscriptionId
          resourceGroup: production.?resource_group
          account: production.?data_lake
          container: 'curated'
        }
      ],
  map(filter(items(stores), store => store.value.kind == 'adls'), store => {
    name: store.key
    subscription: split(store.value.id, '/')[2]
    resourceGroup: split(store.value.id, '/')[4]
    account: split(store.value.id, '/')[8]
    container: split(store.value.id, '/')[12]
  })
)
var blobs = concat(
  map(filter(containers, container => contains(blobContainers, container)), container => {
    name: replace(container, '-', '_')
    subscription: subscription().subscriptionId
    resourceGroup: resourceGroup().name
    account: dataLakeName
    container: container
  }),
  map(filter(items(stores), store => store.value.kind == 'blob'), store => {
    name: store.key
    subscription: split(store.value.id, '/')[2]
    resourceGroup: split(store.value.id, '/')[4]
    account: split(store.value.id, '/')[8]
    container: split(store.value.id, '/')[12]
  })
)
var oneLakes = filter(items(stores), store => store.value.kind == 'onelake')

resource workspace 'Microsoft.MachineLearningServices/workspaces@2025-06-01' = {
  name: name
  location: location
  tags: tags
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
    imageBuildCompute: closed ? imageBuildCompute : null
    v1LegacyMode: false

    // The rules are resources of their own, outbound-rules.bicep. Not proven: whether Azure keeps them when a second
    // deployment writes the workspace without them. README.md says how to find out.
    managedNetwork: {
      isolationMode: isolationModes[mode]
    }

    // Later, the first cluster or endpoint would wait half an hour for it.
    provisionNetworkNow: closed
  }
}

// No credential is stored: who reads a datastore does so with an identity of their own, which needs a role there.
resource lake 'Microsoft.MachineLearningServices/workspaces/datastores@2025-06-01' = [
  for item in lakes: {
    parent: workspace
    name: item.name
    properties: {
      datastoreType: 'AzureDataLakeGen2'
      subscriptionId: item.subscription
      resourceGroup: item.resourceGroup
      accountName: item.account
      filesystem: item.container
      serviceDataAccessAuthIdentity: 'None'
      credentials: {
        credentialsType: 'None'
      }
    }
  }
]

resource blob 'Microsoft.MachineLearningServices/workspaces/datastores@2025-06-01' = [
  for item in blobs: {
    parent: workspace
    name: item.name
    properties: {
      datastoreType: 'AzureBlob'
      subscriptionId: item.subscription
      resourceGroup: item.resourceGroup
      accountName: item.account
      containerName: item.container
      serviceDataAccessAuthIdentity: 'None'
      credentials: {
        credentialsType: 'None'
      }
    }
  }
]

resource oneLake 'Microsoft.MachineLearningServices/workspaces/datastores@2025-06-01' = [
  for item in oneLakes: {
    parent: workspace
    name: item.key
    properties: {
      datastoreType: 'OneLake'
      oneLakeWorkspaceName: split(item.value.id, '/')[0]
      artifact: {
        artifactType: 'LakeHouse'
        artifactName: split(item.value.id, '/')[1]
      }
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
    logs: map(logCategories, category => { category: category, enabled: true })
  }
}

@description('Object ID of the workspace\'s own identity.')
output principalId string = workspace.identity.principalId
