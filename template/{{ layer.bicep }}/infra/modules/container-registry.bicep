// Images of jobs and deployments: no admin user, no anonymous pulls.

import { Placement } from '../types.bicep'

@description('Required. Where the resources stand, and their tags.')
param placement Placement

@description('Required. Name of the container registry.')
param name string

@description('Required. Its tier; only Premium has private endpoints.')
param sku string

@description('Required. Whether the public endpoint is closed.')
param closed bool

@description('Required. Resource ID of the Log Analytics workspace.')
param logAnalyticsId string

resource registry 'Microsoft.ContainerRegistry/registries@2025-04-01' = {
  name: name
  location: placement.location
  tags: placement.tags
  sku: {
    name: sku
  }
  properties: {
    adminUserEnabled: false
    anonymousPullEnabled: false
    publicNetworkAccess: closed ? 'Disabled' : 'Enabled'

    // Azure Machine Learning itself is a trusted service: it gets in with its identity even when the endpoint is closed.
    networkRuleBypassOptions: 'AzureServices'
  }
}

resource log 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: registry
  name: 'log-analytics'
  properties: {
    workspaceId: logAnalyticsId
    logs: [
      { category: 'ContainerRegistryLoginEvents', enabled: true }
      { category: 'ContainerRegistryRepositoryEvents', enabled: true }
    ]
  }
}
