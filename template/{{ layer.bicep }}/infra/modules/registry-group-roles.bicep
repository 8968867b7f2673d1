// The roles on the resource group that Azure makes behind the Azure ML registry.

import { Grant, Names, Texts } from '../types.bicep'
import { roleIds } from '../roles.bicep'

@description('Required. Names of Azure resources of the environment.')
param names Names

@description('Required. ID of the subscription of the environment.')
param subscriptionId string

@description('Required. Rows of the table that are given here.')
param rows Grant[]

@description('Required. Resource IDs of the machines, by their name in the table.')
param holders Texts

resource endpoint 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  scope: resourceGroup(subscriptionId, names.resource_group)
  name: names.identity_endpoint
}

resource ci 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  scope: resourceGroup(subscriptionId, names.resource_group)
  name: names.identity_ci
}

var principals = {
  ci: ci.properties.principalId
  endpoint: endpoint.properties.principalId
}

resource role 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for row in rows: {
    name: guid(resourceGroup().id, holders[row.who], row.role)
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds[row.role])
      principalId: principals[row.who]
      principalType: 'ServicePrincipal'
      description: row.why
    }
  }
]
