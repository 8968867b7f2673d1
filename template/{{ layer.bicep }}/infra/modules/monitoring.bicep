// Where logs and measurements of the environment are kept.

import { Texts } from '../types.bicep'

@description('Required. Azure region.')
param location string

@description('Required. Tags of every resource.')
param tags Texts

@description('Optional. Name of the Log Analytics workspace; without it yours is used.')
param logAnalyticsName string?

@description('Required. Resource ID of the Log Analytics workspace that is built or used.')
param logAnalyticsId string

@description('Required. Name of the Application Insights.')
param applicationInsightsName string

@description('Required. Days that logs are kept.')
param retentionDays int

@description('Optional. Gigabytes of logs a day; what is beyond is dropped.')
param dailyCapGb int?

resource logAnalytics 'Microsoft.OperationalInsights/workspaces@2025-02-01' = if (logAnalyticsName != null) {
  name: logAnalyticsName ?? 'none'
  location: location
  tags: tags
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: retentionDays
    workspaceCapping: {
      dailyQuotaGb: dailyCapGb ?? -1 // -1: no limit
    }
    features: {
      disableLocalAuth: true
      enableLogAccessUsingOnlyResourcePermissions: true
    }
  }
}

// The only resource that accepts a key, its instrumentation key: the inference server of Azure ML sends its telemetry with
// that key and no identity (azureml-inference-server-http 1.5.1, server/appinsights_client.py), and without local
// authentication all of it would be dropped. The key lets its holder write telemetry, and read nothing.
resource applicationInsights 'Microsoft.Insights/components@2020-02-02' = {
  name: applicationInsightsName
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: logAnalyticsId
    DisableLocalAuth: false
  }
  dependsOn: [logAnalytics]
}
