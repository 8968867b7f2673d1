// Who is told when something fails, or when the environment costs more than it should. Alerts on an endpoint belong to
// its deployment: here it does not exist yet.

import { Names, Placement } from '../types.bicep'

@description('Required. Where the resources stand, and their tags.')
param placement Placement

@description('Required. The environment.')
param environment string

@description('Required. Names of Azure resources.')
param names Names

@description('Required. Mailbox that alerts are sent to.')
param email string

@description('Required. Resource ID of the workspace.')
param workspaceId string

@description('Required. Percent of the quota of cores above which somebody is told.')
param quotaPercent int

@description('Required. Whether the Logic App is there, which makes an issue of an alert.')
param eventsLeave bool

@description('Optional. What the resource group may cost a month, in the currency of the subscription; without it there is no budget.')
param monthlyBudget int?

@description('Required. First day of the budget, the first of a month, such as 2026-11-01.')
param budgetStart string

// Azure's names of the workspace's metrics have spaces. `split`: dimensions that are watched value by value.
var alerts = [
  {
    name: 'failed-job'
    metric: 'Failed Runs'
    aggregation: 'Total'
    threshold: 0
    split: []
    text: 'A job failed. A monitor that could not run is a failed job too.'
  }
  {
    name: 'failed-deployment'
    metric: 'Model Deploy Failed'
    aggregation: 'Total'
    threshold: 0
    split: []
    text: 'A model could not be deployed.'
  }
  {
    name: 'unusable-node'
    metric: 'Unusable Nodes'
    aggregation: 'Maximum'
    threshold: 0
    split: ['ClusterName']
    text: 'A node of a cluster does not work, but may be paid for.'
  }
  {
    name: 'quota'
    metric: 'Quota Utilization Percentage'
    aggregation: 'Average'
    threshold: quotaPercent
    split: ['VmFamilyName']
    text: 'The quota of a family of virtual machines is nearly used up: the next job or deployment may wait.'
  }
]

var owner = {
  name: 'owner'
  emailAddress: email
  useCommonAlertSchema: true
}

resource logicApp 'Microsoft.Logic/workflows@2019-05-01' existing = if (eventsLeave) {
  name: names.logic_app
}

resource trigger 'Microsoft.Logic/workflows/triggers@2019-05-01' existing = if (eventsLeave) {
  parent: logicApp
  name: 'event'
}

// By mail and, where there is a Logic App, as an issue.
resource actionGroup 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: names.action_group
  location: 'global'
  tags: placement.tags
  properties: {
    enabled: true
    groupShortName: 'ml-${environment}' // at most 12 characters
    emailReceivers: [owner]
    logicAppReceivers: eventsLeave
      ? [
          {
            name: 'logic-app'
            resourceId: logicApp.id
            callbackUrl: trigger!.listCallbackUrl().value
            useCommonAlertSchema: true
          }
        ]
      : []
  }
}

// By mail alone: the Logic App cannot tell of its own failure.
resource mailGroup 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: names.action_group_mail
  location: 'global'
  tags: placement.tags
  properties: {
    enabled: true
    groupShortName: 'mlm-${environment}'
    emailReceivers: [owner]
  }
}

resource alert 'Microsoft.Insights/metricAlerts@2018-03-01' = [
  for item in alerts: {
    name: '${item.name}-${names.workspace}'
    location: 'global'
    tags: placement.tags
    properties: {
      description: item.text
      enabled: true
      autoMitigate: true
      severity: 2
      scopes: [workspaceId]
      evaluationFrequency: 'PT5M'
      windowSize: 'PT15M'
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.MultipleResourceMultipleMetricCriteria'
        allOf: [
          {
            criterionType: 'StaticThresholdCriterion'
            name: 'Metric1'
            metricNamespace: 'Microsoft.MachineLearningServices/workspaces'
            metricName: item.metric
            timeAggregation: item.aggregation
            operator: 'GreaterThan'
            threshold: item.threshold
            dimensions: map(item.split, dimension => { name: dimension, operator: 'Include', values: ['*'] })
          }
        ]
      }
      actions: [
        {
          actionGroupId: actionGroup.id
        }
      ]
    }
  }
]

resource eventsFailed 'Microsoft.Insights/metricAlerts@2018-03-01' = if (eventsLeave) {
  name: 'events-failed-${names.workspace}'
  location: 'global'
  tags: placement.tags
  properties: {
    description: 'An event or an alert did not get out of Azure: no pipeline was started, or no issue opened.'
    enabled: true
    autoMitigate: true
    severity: 2
    scopes: [logicApp.id]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.MultipleResourceMultipleMetricCriteria'
      allOf: [
        {
          criterionType: 'StaticThresholdCriterion'
          name: 'Metric1'
          metricNamespace: 'Microsoft.Logic/workflows'
          metricName: 'RunsFailed'
          timeAggregation: 'Total'
          operator: 'GreaterThan'
          threshold: 0
          dimensions: []
        }
      ]
    }
    actions: [
      {
        actionGroupId: mailGroup.id
      }
    ]
  }
}

// It tells, and stops nothing.
resource budget 'Microsoft.Consumption/budgets@2024-08-01' = if (monthlyBudget != null) {
  name: 'budget-${names.workspace}'
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
        contactEmails: []
        contactGroups: [actionGroup.id]
      }
      Forecasted_GreaterThan_100_Percent: {
        enabled: true
        thresholdType: 'Forecasted'
        operator: 'GreaterThan'
        threshold: 100
        contactEmails: []
        contactGroups: [actionGroup.id]
      }
    }
  }
}
