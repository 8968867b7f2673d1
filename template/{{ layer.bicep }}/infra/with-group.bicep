// The resource group of an environment, and the environment in it: for create_resource_group: true.

targetScope = 'subscription'

import { Config, Texts } from 'types.bicep'

@description('Required. config/<environment>.yml.')
param config Config

@description('Optional. As in main.bicep.')
param giveCiItsRights bool = true

@description('Optional. As in main.bicep.')
param budgetStart string = utcNow('yyyy-MM-01')

@description('Optional. As in main.bicep.')
param recoverKeyVault bool = false

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: config.names.resource_group
  location: config.location
  tags: config.?tags ?? {}
}

module environment 'main.bicep' = {
  scope: group
  name: 'mlops-${config.environment}'
  params: {
    config: config
    giveCiItsRights: giveCiItsRights
    budgetStart: budgetStart
    recoverKeyVault: recoverKeyVault
  }
}

@description('The resource group that holds the environment.')
output resourceGroupName string = environment.outputs.resourceGroupName

@description('The Azure Machine Learning workspace.')
output workspaceName string = environment.outputs.workspaceName

@description('The workspace\'s resource ID, for role assignments.')
output workspaceId string = environment.outputs.workspaceId

@description('The storage account\'s resource ID: everybody who submits jobs needs \'Storage Blob Data Contributor\' on it.')
output storageAccountId string = environment.outputs.storageAccountId

@description('The data lake\'s resource ID: everybody who reads data needs \'Storage Blob Data Reader\' on it.')
output dataLakeId string = environment.outputs.dataLakeId

@description('The client ID that the CI signs in with.')
output ciClientId string = environment.outputs.ciClientId

@description('With assign_roles: false, the commands for somebody who may assign roles; otherwise none.')
output rolesToAssign Texts = environment.outputs.rolesToAssign
