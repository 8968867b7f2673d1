// Secrets and images. A part that you bring is not built.

import { Texts } from '../types.bicep'

@description('Required. Azure region.')
param location string

@description('Required. Tags of every resource.')
param tags Texts

@description('Required. Whether the public endpoints are closed.')
param closed bool

@description('Optional. Name of the key vault; without it yours is used.')
param keyVaultName string?

@description('Required. Whether a key vault that was deleted, and is still kept, comes back instead.')
param recoverKeyVault bool

@description('Required. Log categories of the key vault that are kept.')
param keyVaultLogs string[]

@description('Optional. Name of the container registry; without it yours is used.')
param containerRegistryName string?

@description('Required. Tier of the container registry; only Premium has private endpoints.')
param containerRegistrySku string

@description('Required. Log categories of the container registry that are kept.')
param containerRegistryLogs string[]

@description('Required. Resource ID of the Log Analytics workspace.')
param logAnalyticsId string

// Opened by roles, not by access policies, and not to be purged.
resource keyVault 'Microsoft.KeyVault/vaults@2026-02-01' = if (keyVaultName != null) {
  name: keyVaultName ?? 'none'
  location: location
  tags: tags
  properties: {
    createMode: recoverKeyVault ? 'recover' : 'default'
    tenantId: tenant().tenantId
    sku: {
      family: 'A'
      name: 'standard'
    }
    enableRbacAuthorization: true
    enableSoftDelete: true
    enablePurgeProtection: true
    softDeleteRetentionInDays: 90
    publicNetworkAccess: closed ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: closed ? 'Deny' : 'Allow'
    }
  }
}

resource keyVaultLog 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (keyVaultName != null) {
  scope: keyVault
  name: 'log-analytics'
  properties: {
    workspaceId: logAnalyticsId
    logs: map(keyVaultLogs, category => { category: category, enabled: true })
  }
}

// No admin user, no anonymous pulls.
resource containerRegistry 'Microsoft.ContainerRegistry/registries@2025-04-01' = if (containerRegistryName != null) {
  name: containerRegistryName ?? 'none00'
  location: location
  tags: tags
  sku: {
    name: containerRegistrySku
  }
  properties: {
    adminUserEnabled: false
    anonymousPullEnabled: false
    publicNetworkAccess: closed ? 'Disabled' : 'Enabled'

    // Azure Machine Learning itself is a trusted service: it gets in with its identity even when the endpoint is closed.
    networkRuleBypassOptions: 'AzureServices'
  }
}

resource containerRegistryLog 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (containerRegistryName != null) {
  scope: containerRegistry
  name: 'log-analytics'
  properties: {
    workspaceId: logAnalyticsId
    logs: map(containerRegistryLogs, category => { category: category, enabled: true })
  }
}
