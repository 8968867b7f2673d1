// The Azure ML registry. Azure makes the storage account and the container registry behind it, in a group of its own.

import { Texts } from '../types.bicep'

@description('Required. Azure region.')
param location string

@description('Required. Tags of every resource.')
param tags Texts

@description('Required. Name of the registry.')
param name string

@description('Required. Whether its public endpoint is closed.')
param closed bool

@description('Required. Object ID of whoever Azure exempts from its deny assignment on that group.')
param exemptId string

@description('Required. Log categories that are kept.')
param logCategories string[]

@description('Optional. Resource ID of a Log Analytics workspace; without it no log is kept.')
param logAnalyticsId string?

// 2026-05-01: the first stable version whose type lets assignedIdentities be written.
resource registry 'Microsoft.MachineLearningServices/registries@2026-05-01' = {
  name: name
  location: location
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
        location: location
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

resource log 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (logAnalyticsId != null) {
  scope: registry
  name: 'log-analytics'
  properties: {
    workspaceId: logAnalyticsId
    logs: map(logCategories, category => { category: category, enabled: true })
  }
}

@description('The resource group that Azure made behind it.')
output managedResourceGroup string = last(split(registry.properties.managedResourceGroup!.resourceId!, '/'))

@description('Resource ID of the storage account in it.')
output storageAccountId string = registry.properties.regionDetails[0].storageAccountDetails[0].systemCreatedStorageAccount!.armResourceId!.resourceId!

@description('Resource ID of the container registry in it.')
output containerRegistryId string = registry.properties.regionDetails[0].acrDetails[0].systemCreatedAcrAccount!.armResourceId!.resourceId!
