// A storage account that is opened by identity only: the workspace's own, and the data lake.

import { Placement } from '../types.bicep'

@description('Required. Where the resources stand, and their tags.')
param placement Placement

@description('Required. Name of the storage account.')
param name string

@description('Required. Redundancy of the data, such as LRS.')
param replication string

@description('Optional. Whether it has real folders: a data lake. Such an account keeps no versions of blobs.')
param hierarchical bool = false

@description('Optional. Names of its containers.')
param containers string[] = []

@description('Required. Whether the public endpoint is closed.')
param closed bool

@description('Required. Resource ID of the Log Analytics workspace.')
param logAnalyticsId string

resource account 'Microsoft.Storage/storageAccounts@2025-01-01' = {
  name: name
  location: placement.location
  tags: placement.tags
  kind: 'StorageV2'
  sku: {
    name: 'Standard_${replication}'
  }
  properties: {
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    isHnsEnabled: hierarchical
    isLocalUserEnabled: false
    minimumTlsVersion: 'TLS1_2'
    publicNetworkAccess: closed ? 'Disabled' : 'Enabled'
    supportsHttpsTrafficOnly: true

    // Azure Machine Learning itself is a trusted service: it gets in with its identity even when the endpoint is closed.
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: closed ? 'Deny' : 'Allow'
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-01-01' = {
  parent: account
  name: 'default'
  properties: {
    isVersioningEnabled: !hierarchical
    deleteRetentionPolicy: {
      enabled: true
      days: 14
    }
    containerDeleteRetentionPolicy: {
      enabled: true
      days: 14
    }
  }
}

// Who overwrites a model or an output by mistake has a month to notice.
resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2025-01-01' = if (!hierarchical) {
  parent: account
  name: 'default'
  properties: {
    policy: {
      rules: [
        {
          name: 'delete-previous-versions'
          type: 'Lifecycle'
          enabled: true
          definition: {
            filters: {
              blobTypes: ['appendBlob', 'blockBlob']
            }
            actions: {
              version: {
                delete: {
                  daysAfterCreationGreaterThan: 30
                }
              }
            }
          }
        }
      ]
    }
  }
  dependsOn: [blobs]
}

resource container 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' = [
  for containerName in containers: {
    parent: blobs
    name: containerName
    properties: {
      publicAccess: 'None'
    }
  }
]

// Who changed or deleted data. Reads are not logged: training reads every blob many times.
resource log 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: blobs
  name: 'log-analytics'
  properties: {
    workspaceId: logAnalyticsId
    logs: [
      { category: 'StorageWrite', enabled: true }
      { category: 'StorageDelete', enabled: true }
    ]
  }
}
