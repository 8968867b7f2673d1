// The roles on the one secret that the Logic App reads: of the environment's key vault, or of another one.

import { Grant, Names } from '../types.bicep'
import { roleIds } from '../roles.bicep'

@description('Required. Name of the key vault.')
param vaultName string

@description('Required. Name of the secret.')
param secretName string

@description('Required. Names of Azure resources of the environment.')
param names Names

@description('Required. ID of the subscription of the environment.')
param subscriptionId string

@description('Required. Rows of the table that are given here.')
param rows Grant[]

@description('Required. Resource IDs of the machines, by their name in the table.')
param holders object

resource vault 'Microsoft.KeyVault/vaults@2026-02-01' existing = {
  name: vaultName
}

resource secret 'Microsoft.KeyVault/vaults/secrets@2026-02-01' existing = {
  parent: vault
  name: secretName
}

resource logicApp 'Microsoft.Logic/workflows@2019-05-01' existing = {
  scope: resourceGroup(subscriptionId, names.resource_group)
  name: names.logic_app
}

var principals = {
  events: logicApp.identity.principalId
}

resource role 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for row in rows: {
    scope: secret
    name: guid(secret.id, holders[row.who], row.role)
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds[row.role])
      principalId: principals[row.who]
      principalType: 'ServicePrincipal'
      description: row.why
    }
  }
]
