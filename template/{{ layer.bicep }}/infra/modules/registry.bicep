// The Azure ML registry. Azure makes the storage account and the container registry behind it.

import { Placement } from '../types.bicep'

@description('Required. Where the registry stands, and its tags.')
param placement Placement

@description('Required. Name of the registry.')
param name string

@description('Required. Whether its public endpoint is closed.')
param closed bool

resource registry 'Microsoft.MachineLearningServices/registries@2025-06-01' = {
  name: name
  location: placement.location
  tags: placement.tags
  identity: {
    type: 'SystemAssigned'
  }
  properties: {
    publicNetworkAccess: closed ? 'Disabled' : 'Enabled'
    regionDetails: [
      {
        location: placement.location
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

@description('The registry\'s resource ID.')
output id string = registry.id

@description('The resource group that Azure made behind it.')
output managedResourceGroup string = last(split(registry.properties.managedResourceGroup.resourceId, '/'))
