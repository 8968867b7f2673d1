// What computes in the managed network reach, apart from what Azure Machine Learning allows by itself. One at a time:
// rules that are written together remove one another (Azure/terraform-provider-azapi, issue 453).

import { EndpointRow, Texts } from '../types.bicep'

@description('Required. Name of the workspace.')
param workspaceName string

@description('Required. The private endpoints.')
param endpoints EndpointRow[]

@description('Required. Resource IDs of what is reached, by name.')
param targets Texts

@description('Required. Hosts that are reached over the internet.')
param hosts string[]

resource workspace 'Microsoft.MachineLearningServices/workspaces@2025-06-01' existing = {
  name: workspaceName
}

@batchSize(1)
resource endpointRule 'Microsoft.MachineLearningServices/workspaces/outboundRules@2025-06-01' = [
  for item in endpoints: {
    parent: workspace
    name: item.name
    properties: {
      type: 'PrivateEndpoint'
      category: 'UserDefined'
      destination: {
        serviceResourceId: targets[item.on]
        subresourceTarget: item.subresource
        sparkEnabled: false
      }
    }
  }
]

// The first such rule starts an Azure Firewall, which costs money by the hour.
@batchSize(1)
resource hostRule 'Microsoft.MachineLearningServices/workspaces/outboundRules@2025-06-01' = [
  for host in hosts: {
    parent: workspace
    name: 'host-${substring(guid(host), 0, 8)}'
    properties: {
      type: 'FQDN'
      category: 'UserDefined'
      destination: host
    }
    dependsOn: [endpointRule]
  }
]
