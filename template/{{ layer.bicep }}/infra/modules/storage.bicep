// A storage account that is opened by identity only: the workspace's own, and the data lake.

import { Texts } from '../types.bicep'

@description('Required. Azure region.')
param location string

@description('Required. Tags of every resource.')
param tags Texts

@description('Required. Name of the storage account.')
param name string

@description('Required. Redundancy of the data, such as LRS.')
param replication string

@description('Optional. Whether it has real folders: a data lake. Such an account keeps no versions of blobs.')
param hierarchical bool = false

@description('Optional. Names of its containers.')
param containers string[] = []

@description('Optional. Containers, and folders in them, whose content is deleted after some days.')
param retention {
  @description('Required. Name of the container, with a folder where the row is about one.')
  path: string

  @description('Required. Days since the last change.')
  days: int

  @description('Required. Why so long.')
  why: string
}[] = []

@description('Required. Whether the public endpoint is closed.')
param closed bool

@description('Optional. Resource ID of an Azure ML registry that reads from a closed account.')
param registryId string?

@description('Required. Log categories that are kept.')
param logCategories string[]

@description('Required. Resource ID of the Log Analytics workspace.')
param logAnalyticsId string

// A registry copies models out of the workspace's account when they are shared. Azure refuses that while public access is
// Disabled, and asks for selected networks, of which there are none, and the registry as a resource instance
// (learn.microsoft.com/azure/machine-learning/how-to-registry-network-isolation).
var onlyRegistry = closed && registryId != null

// Who overwrites a model or an output by mistake has a month to notice. A hierarchical account has no versions, but days
// after which data is deleted.
var versionRules = [
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
var retentionRules = map(filter(retention, rule => contains(containers, split(rule.path, '/')[0])), rule => {
  name: 'delete-old-${replace(rule.path, '/', '-')}'
  type: 'Lifecycle'
  enabled: true
  definition: {
    filters: {
      blobTypes: ['appendBlob', 'blockBlob']
      prefixMatch: ['${rule.path}/']
    }
    actions: {
      baseBlob: {
        delete: {
          daysAfterModificationGreaterThan: rule.days
        }
      }
    }
  }
})
var lifecycleRules = hierarchical ? retentionRules : versionRules

resource account 'Microsoft.Storage/storageAccounts@2025-01-01' = {
  name: name
  location: location
  tags: tags
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
    publicNetworkAccess: closed && !onlyRegistry ? 'Disabled' : 'Enabled'
    supportsHttpsTrafficOnly: true

    // Azure Machine Learning itself is a trusted service: it gets in with its identity even when the endpoint is closed.
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: closed ? 'Deny' : 'Allow'
      resourceAccessRules: onlyRegistry ? [{ resourceId: registryId, tenantId: tenant().tenantId }] : []
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

resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2025-01-01' = if (!empty(lifecycleRules)) {
  parent: account
  name: 'default'
  properties: {
    policy: {
      rules: lifecycleRules
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

resource log 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: blobs
  name: 'log-analytics'
  properties: {
    workspaceId: logAnalyticsId
    logs: map(logCategories, category => { category: category, enabled: true })
  }
}
