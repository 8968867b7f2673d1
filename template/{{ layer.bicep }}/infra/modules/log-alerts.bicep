// Alerts on what a query over logs finds, which mail.

import { QueryRow, Texts } from '../types.bicep'

@description('Required. Azure region.')
param location string

@description('Required. Tags of every resource.')
param tags Texts

@description('Required. Resource ID of the Log Analytics workspace that is asked.')
param logAnalyticsId string

@description('Required. What the alerts\' names end with.')
param suffix string

@description('Required. The alerts.')
param rows QueryRow[]

@description('Required. Resource ID of the action group.')
param actionGroupId string

resource alert 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for row in rows: {
    name: '${row.name}-${suffix}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: '${row.name}-${suffix}'
      description: '${row.text} ${row.look}'
      enabled: true
      autoMitigate: true
      severity: 2
      scopes: [logAnalyticsId]
      evaluationFrequency: 'PT${row.minutes}M'

      // The query says how far it looks back; Azure cuts it at this window, and takes none that is longer.
      windowSize: 'P2D'

      // A table is there only once its first row has arrived.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: row.query
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: 0
            failingPeriods: {
              numberOfEvaluationPeriods: 1
              minFailingPeriodsToAlert: 1
            }
          }
        ]
      }
      actions: {
        actionGroups: [actionGroupId]
      }
    }
  }
]
