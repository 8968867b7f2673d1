// Alerts on metrics of one resource, which mail.

import { MetricRow, Texts } from '../types.bicep'

@description('Required. Tags of every resource.')
param tags Texts

@description('Required. Resource ID of what is watched.')
param targetId string

@description('Required. What the alerts\' names end with.')
param suffix string

@description('Required. Where Azure lists the metrics: the type of what is watched.')
param namespace string

@description('Required. The alerts.')
param rows MetricRow[]

@description('Required. Resource ID of the action group.')
param actionGroupId string

resource alert 'Microsoft.Insights/metricAlerts@2018-03-01' = [
  for row in rows: {
    name: '${row.name}-${suffix}'
    location: 'global'
    tags: tags
    properties: {
      description: '${row.text} ${row.look}'
      enabled: true
      autoMitigate: true
      severity: 2
      scopes: [targetId]
      evaluationFrequency: 'PT5M'
      windowSize: 'PT15M'
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.MultipleResourceMultipleMetricCriteria'
        allOf: [
          {
            criterionType: 'StaticThresholdCriterion'
            name: 'Metric1'
            metricNamespace: namespace
            metricName: row.metric
            timeAggregation: row.aggregation
            operator: row.operator
            threshold: row.threshold
            dimensions: concat(
              map(row.?split ?? [], dimension => { name: dimension, operator: 'Include', values: ['*'] }),
              map(items(row.?only ?? {}), dimension => {
                name: dimension.key
                operator: 'Include'
                values: dimension.value
              })
            )
          }
        ]
      }
      actions: [
        {
          actionGroupId: actionGroupId
        }
      ]
    }
  }
]
