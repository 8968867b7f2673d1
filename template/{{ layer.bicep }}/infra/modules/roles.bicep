// The roles on what stands in this resource group. The name of an assignment says who gets what on what: a second
// deployment finds the first one's.

import { Grant, Names, Texts } from '../types.bicep'
import { ciOnly, people, roleIds } from '../roles.bicep'

@description('Required. Names of Azure resources.')
param names Names

@description('Required. Rows of the table that are given here.')
param rows Grant[]

@description('Required. Rows of the table that somebody else gives.')
param rowsToAssign Grant[]

@description('Required. Resource IDs of the machines and object IDs of the groups of people, by their name in the table.')
param holders Texts

@description('Required. Resource IDs of what the roles count for, by their name in the table.')
param scopes Texts

@description('Required. Whether the Logic App is there, which is a machine of the table.')
param eventsLeave bool

@description('Required. Whether the private endpoints are there.')
param closed bool

resource workspace 'Microsoft.MachineLearningServices/workspaces@2025-06-01' existing = {
  name: names.workspace
}

resource storage 'Microsoft.Storage/storageAccounts@2025-01-01' existing = {
  name: names.storage_account
}

resource dataLake 'Microsoft.Storage/storageAccounts@2025-01-01' existing = {
  name: names.data_lake
}

resource containerRegistry 'Microsoft.ContainerRegistry/registries@2025-04-01' existing = {
  name: names.container_registry
}

resource logAnalytics 'Microsoft.OperationalInsights/workspaces@2025-02-01' existing = {
  name: names.log_analytics
}

resource jobs 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: names.identity_jobs
}

resource endpoint 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: names.identity_endpoint
}

resource ci 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: names.identity_ci
}

resource logicApp 'Microsoft.Logic/workflows@2019-05-01' existing = if (eventsLeave) {
  name: names.logic_app
}

resource blobEndpoint 'Microsoft.Network/privateEndpoints@2024-07-01' existing = if (closed) {
  name: 'pe-${names.workspace}-blob'
}

resource fileEndpoint 'Microsoft.Network/privateEndpoints@2024-07-01' existing = if (closed) {
  name: 'pe-${names.workspace}-file'
}

var principals = {
  jobs: jobs.properties.principalId
  endpoint: endpoint.properties.principalId
  ci: ci.properties.principalId
  workspace: workspace.identity.principalId
  events: eventsLeave ? logicApp!.identity.principalId : ''
  data_scientists: holders.data_scientists
  ml_engineers: holders.ml_engineers
}

// What CI may give, and take away.
var given = map(filter(items(roleIds), role => !contains(ciOnly, role.key)), role => role.value)
var assignable = join(sort(given, (one, other) => one < other), ', ')
var changes = [
  { action: 'write', of: 'Request' }
  { action: 'delete', of: 'Resource' }
]
var limits = map(changes, change => '(!(ActionMatches{\'Microsoft.Authorization/roleAssignments/${change.action}\'}) OR (@${change.of}[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {${assignable}} AND @${change.of}[Microsoft.Authorization/roleAssignments:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {\'ServicePrincipal\', \'Group\'}))')
var conditions = {
  'Role Based Access Control Administrator': join(limits, ' AND ')
}

resource workspaceRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for row in filter(rows, grant => grant.on == 'workspace'): {
    scope: workspace
    name: guid(workspace.id, holders[row.who], row.role)
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds[row.role])
      principalId: principals[row.who]
      principalType: contains(people, row.who) ? 'Group' : 'ServicePrincipal'
      description: row.why
    }
  }
]

resource storageRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for row in filter(rows, grant => grant.on == 'storage'): {
    scope: storage
    name: guid(storage.id, holders[row.who], row.role)
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds[row.role])
      principalId: principals[row.who]
      principalType: contains(people, row.who) ? 'Group' : 'ServicePrincipal'
      description: row.why
    }
  }
]

resource dataLakeRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for row in filter(rows, grant => grant.on == 'data_lake'): {
    scope: dataLake
    name: guid(dataLake.id, holders[row.who], row.role)
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds[row.role])
      principalId: principals[row.who]
      principalType: contains(people, row.who) ? 'Group' : 'ServicePrincipal'
      description: row.why
    }
  }
]

resource containerRegistryRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for row in filter(rows, grant => grant.on == 'container_registry'): {
    scope: containerRegistry
    name: guid(containerRegistry.id, holders[row.who], row.role)
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds[row.role])
      principalId: principals[row.who]
      principalType: contains(people, row.who) ? 'Group' : 'ServicePrincipal'
      description: row.why
    }
  }
]

resource logAnalyticsRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for row in filter(rows, grant => grant.on == 'log_analytics'): {
    scope: logAnalytics
    name: guid(logAnalytics.id, holders[row.who], row.role)
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds[row.role])
      principalId: principals[row.who]
      principalType: contains(people, row.who) ? 'Group' : 'ServicePrincipal'
      description: row.why
    }
  }
]

resource jobsRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for row in filter(rows, grant => grant.on == 'identity_jobs'): {
    scope: jobs
    name: guid(jobs.id, holders[row.who], row.role)
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds[row.role])
      principalId: principals[row.who]
      principalType: contains(people, row.who) ? 'Group' : 'ServicePrincipal'
      description: row.why
    }
  }
]

resource endpointRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for row in filter(rows, grant => grant.on == 'identity_endpoint'): {
    scope: endpoint
    name: guid(endpoint.id, holders[row.who], row.role)
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds[row.role])
      principalId: principals[row.who]
      principalType: contains(people, row.who) ? 'Group' : 'ServicePrincipal'
      description: row.why
    }
  }
]

resource blobEndpointRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for row in filter(rows, grant => grant.on == 'blob_endpoint'): {
    scope: blobEndpoint
    name: guid(blobEndpoint.id, holders[row.who], row.role)
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds[row.role])
      principalId: principals[row.who]
      principalType: contains(people, row.who) ? 'Group' : 'ServicePrincipal'
      description: row.why
    }
  }
]

resource fileEndpointRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for row in filter(rows, grant => grant.on == 'file_endpoint'): {
    scope: fileEndpoint
    name: guid(fileEndpoint.id, holders[row.who], row.role)
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds[row.role])
      principalId: principals[row.who]
      principalType: contains(people, row.who) ? 'Group' : 'ServicePrincipal'
      description: row.why
    }
  }
]

resource resourceGroupRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for row in filter(rows, grant => grant.on == 'resource_group'): {
    name: guid(resourceGroup().id, holders[row.who], row.role)
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds[row.role])
      principalId: principals[row.who]
      principalType: contains(people, row.who) ? 'Group' : 'ServicePrincipal'
      description: row.why
      condition: conditions[?row.role]
      conditionVersion: contains(conditions, row.role) ? '2.0' : null
    }
  }
]

@description('Commands for somebody who may assign roles, by row of the table.')
output commands Texts = toObject(
  rowsToAssign,
  row => '${row.who}: ${row.role} on ${row.on}, because: ${row.why}',
  row => 'az role assignment create --assignee-object-id ${principals[row.who]} --assignee-principal-type ${contains(people, row.who) ? 'Group' : 'ServicePrincipal'} --role ${roleIds[row.role]} --scope ${scopes[row.on]}'
)
