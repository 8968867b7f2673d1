// Who is told when something fails, or when the environment costs more than it should. Alerts on an endpoint belong to
// its own stack: here it does not exist yet.

import { ActivityRow, MetricRow, QueryRow, Texts } from '../types.bicep'

@description('Required. Azure region.')
param location string

@description('Required. Tags of every resource.')
param tags Texts

@description('Required. Name of the environment.')
param environment string

@description('Required. Name of the action group.')
param actionGroupName string

@description('Required. Mailbox that alerts are sent to.')
param email string

@description('Required. Name of the workspace.')
param workspaceName string

@description('Required. Resource ID of the Log Analytics workspace.')
param logAnalyticsId string

@description('Required. Alerts on metrics of the workspace.')
param metrics MetricRow[]

@description('Required. Alerts on its logs.')
param queries QueryRow[]

@description('Required. Alerts on the activity log.')
param activities ActivityRow[]

@description('Optional. What the resource group may cost a month, in the currency of the subscription; without it there is no budget.')
param monthlyBudget int?

@description('Required. First day of the budget, the first of a month, such as 2026-11-01.')
param budgetStart string

resource actionGroup 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: actionGroupName
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: take('ml-${environment}', 12)
    emailReceivers: [
      {
        name: 'owner'
        emailAddress: email
        useCommonAlertSchema: true
      }
    ]
  }
}

module metricAlerts 'metric-alerts.bicep' = {
  name: 'metric-alerts'
  params: {
    tags: tags
    targetId: resourceId('Microsoft.MachineLearningServices/workspaces', workspaceName)
    suffix: workspaceName
    namespace: 'Microsoft.MachineLearningServices/workspaces'
    rows: metrics
    actionGroupId: actionGroup.id
  }
}

module logAlerts 'log-alerts.bicep' = {
  name: 'log-alerts'
  params: {
    location: location
    tags: tags
    logAnalyticsId: logAnalyticsId
    suffix: workspaceName
    rows: queries
    actionGroupId: actionGroup.id
  }
}

// Azure reports its own incidents for a subscription, not for a resource group.
resource activity 'Microsoft.Insights/activityLogAlerts@2020-10-01' = [
  for row in activities: {
    name: '${row.name}-${workspaceName}'
    location: 'global'
    tags: tags
    properties: {
      description: '${row.text} ${row.look}'
      enabled: true
      scopes: [row.category == 'ServiceHealth' ? subscription().id : resourceGroup().id]
      condition: {
        allOf: [
          {
            field: 'category'
            equals: row.category
          }
        ]
      }
      actions: {
        actionGroups: [
          {
            actionGroupId: actionGroup.id
          }
        ]
      }
    }
  }
]

// It tells, and stops nothing.
resource budget 'Microsoft.Consumption/budgets@2024-08-01' = if (monthlyBudget != null) {
  name: 'budget-${workspaceName}'
  properties: {
    category: 'Cost'
    amount: monthlyBudget ?? 0
    timeGrain: 'Monthly'
    timePeriod: {
      startDate: '${budgetStart}T00:00:00Z'
    }
    notifications: {
      Actual_GreaterThan_80_Percent: {
        enabled: true
        thresholdType: 'Actual'
        operator: 'GreaterThan'
        threshold: 80
        contactEmails: [email]
      }
      Forecasted_GreaterThan_100_Percent: {
        enabled: true
        thresholdType: 'Forecasted'
        operator: 'GreaterThan'
        threshold: 100
        contactEmails: [email]
      }
    }
  }
}
