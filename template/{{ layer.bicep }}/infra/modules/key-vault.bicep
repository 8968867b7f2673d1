// Opened by roles, not by access policies, and not to be purged.

import { Placement } from '../types.bicep'

@description('Required. Where the resources stand, and their tags.')
param placement Placement

@description('Required. Name of the key vault.')
param name string

@description('Required. Whether the public endpoint is closed.')
param closed bool

@description('Optional. Whether one that was deleted, and is still kept, comes back instead.')
param recover bool = false

@description('Required. Resource ID of the Log Analytics workspace.')
param logAnalyticsId string

resource vault 'Microsoft.KeyVault/vaults@2026-02-01' = {
  name: name
  location: placement.location
  tags: placement.tags
  properties: {
    createMode: recover ? 'recover' : 'default'
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

resource log 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: vault
  name: 'log-analytics'
  properties: {
    workspaceId: logAnalyticsId
    logs: [
      { category: 'AuditEvent', enabled: true }
    ]
  }
}
