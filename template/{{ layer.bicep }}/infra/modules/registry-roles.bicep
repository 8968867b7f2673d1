// The roles on the Azure ML registry, which stands in a resource group of its own.

import { Grant, Names, Texts } from '../types.bicep'
import { people, roleIds } from '../roles.bicep'

@description('Required. Name of the registry.')
param registryName string

@description('Required. Names of Azure resources of the environment.')
param names Names

@description('Required. ID of the subscription of the environment.')
param subscriptionId string

@description('Required. Rows of the table that are given here.')
param rows Grant[]

@description('Required. Resource IDs of the machines and object IDs of the groups of people, by their name in the table.')
param holders Texts

resource registry 'Microsoft.MachineLearningServices/registries@2025-06-01' existing = {
  name: registryName
}

resource workspace 'Microsoft.MachineLearningServices/workspaces@2025-06-01' existing = {
  scope: resourceGroup(subscriptionId, names.resource_group)
  name: names.workspace
}

resource jobs 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  scope: resourceGroup(subscriptionId, names.resource_group)
  name: names.identity_jobs
}

resource ci 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  scope: resourceGroup(subscriptionId, names.resource_group)
  name: names.identity_ci
}

var principals = {
  jobs: jobs.properties.principalId
  ci: ci.properties.principalId
  workspace: workspace.identity.principalId
  data_scientists: holders.data_scientists
  ml_engineers: holders.ml_engineers
}

resource role 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for row in rows: {
    scope: registry
    name: guid(registry.id, holders[row.who], row.role)
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds[row.role])
      principalId: principals[row.who]
      principalType: contains(people, row.who) ? 'Group' : 'ServicePrincipal'
      description: row.why
    }
  }
]
