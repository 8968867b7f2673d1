# What stands around an endpoint. Plans, with stand-ins for Azure.

mock_provider "azurerm" {
  mock_data "azurerm_client_config" {
    defaults = {
      subscription_id = "00000000-0000-0000-0000-000000000000"
    }
  }
}

variables {
  config_folder = "tests/configs"
}

run "two_deployments" {
  command = plan

  variables {
    environment = "dev"
    kind        = "online"
    deployments = ["blue", "green"]
  }

  assert {
    condition     = azurerm_monitor_diagnostic_setting.main.name == "log-analytics" && azurerm_monitor_diagnostic_setting.main.target_resource_id == "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example-dev/providers/Microsoft.MachineLearningServices/workspaces/mlw-example-dev/onlineEndpoints/online-example-dev" && azurerm_monitor_diagnostic_setting.main.log_analytics_workspace_id == "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example-dev/providers/Microsoft.OperationalInsights/workspaces/log-example-dev"
    error_message = "The endpoint's logs must go to the environment's Log Analytics."
  }

  assert {
    condition     = toset([for log in azurerm_monitor_diagnostic_setting.main.enabled_log : log.category]) == toset(["AmlOnlineEndpointConsoleLog", "AmlOnlineEndpointEventLog", "AmlOnlineEndpointTrafficLog"])
    error_message = "All logs of the endpoint must be kept."
  }

  assert {
    condition = { for alert in azurerm_monitor_metric_alert.endpoint : alert.name => [one(alert.criteria).metric_name, one(alert.criteria).operator, one(alert.criteria).threshold] } == {
      latency-online-example-dev         = ["RequestLatency_P95", "GreaterThan", 700]
      server-errors-online-example-dev   = ["RequestsPerMinute", "GreaterThan", 2]
      data-collection-online-example-dev = ["DataCollectionErrorsPerMinute", "GreaterThan", 0]
    }
    error_message = "Slow answers, failures and lost data must be told, from the configuration's thresholds."
  }

  assert {
    condition     = alltrue([for alert in azurerm_monitor_metric_alert.endpoint : alert.scopes == toset([azurerm_monitor_diagnostic_setting.main.target_resource_id]) && one(alert.criteria).metric_namespace == "Microsoft.MachineLearningServices/workspaces/onlineEndpoints"])
    error_message = "Alerts must watch the endpoint."
  }

  assert {
    condition = { for key, alert in azurerm_monitor_metric_alert.endpoint : key => { for dimension in one(alert.criteria).dimension : dimension.name => "${dimension.operator} ${join(",", dimension.values)}" } } == {
      latency         = { deployment = "Include *" }
      server-errors   = { deployment = "Include *", statusCodeClass = "Include 5xx" }
      data-collection = { deployment = "Include *" }
    }
    error_message = "Each deployment must be watched by itself, and of all answers those that are the server's fault."
  }

  assert {
    condition = { for alert in azurerm_monitor_metric_alert.deployment : alert.name => [one(alert.criteria).metric_name, one(alert.criteria).operator, one(alert.criteria).threshold] } == {
      cpu-online-example-dev-blue       = ["CpuUtilizationPercentage", "GreaterThan", 85]
      memory-online-example-dev-blue    = ["CpuMemoryUtilizationPercentage", "GreaterThan", 85]
      disk-online-example-dev-blue      = ["DiskUtilization", "GreaterThan", 85]
      capacity-online-example-dev-blue  = ["DeploymentCapacity", "LessThan", 1]
      cpu-online-example-dev-green      = ["CpuUtilizationPercentage", "GreaterThan", 85]
      memory-online-example-dev-green   = ["CpuMemoryUtilizationPercentage", "GreaterThan", 85]
      disk-online-example-dev-green     = ["DiskUtilization", "GreaterThan", 85]
      capacity-online-example-dev-green = ["DeploymentCapacity", "LessThan", 1]
    }
    error_message = "Machines of each deployment must be watched."
  }

  assert {
    condition     = alltrue([for alert in azurerm_monitor_metric_alert.deployment : one(alert.scopes) == "${azurerm_monitor_diagnostic_setting.main.target_resource_id}/deployments/${reverse(split("-", alert.name))[0]}" && one(alert.criteria).metric_namespace == "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/deployments" && length(one(alert.criteria).dimension) == 0])
    error_message = "An alert on a deployment must watch the one that it is called after."
  }

  assert {
    condition     = alltrue([for alert in concat(values(azurerm_monitor_metric_alert.endpoint), values(azurerm_monitor_metric_alert.deployment)) : one(alert.criteria).aggregation == "Average" && alert.severity == 2 && alert.frequency == "PT5M" && alert.window_size == "PT15M" && alert.resource_group_name == "rg-example-dev" && one(alert.action).action_group_id == "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example-dev/providers/Microsoft.Insights/actionGroups/ag-example-dev"])
    error_message = "Every alert must reach the environment's action group within minutes."
  }

  assert {
    condition = { for setting in azurerm_monitor_autoscale_setting.main : setting.name => setting.target_resource_id } == {
      autoscale-online-example-dev-blue  = "${azurerm_monitor_diagnostic_setting.main.target_resource_id}/deployments/blue"
      autoscale-online-example-dev-green = "${azurerm_monitor_diagnostic_setting.main.target_resource_id}/deployments/green"
    }
    error_message = "Each deployment must be scaled."
  }

  assert {
    condition     = alltrue([for setting in azurerm_monitor_autoscale_setting.main : [setting.location, setting.profile[0].capacity[0].minimum, setting.profile[0].capacity[0].maximum, setting.profile[0].capacity[0].default] == ["westeurope", 1, 3, 1]])
    error_message = "The configuration must say how many machines there are."
  }

  assert {
    condition = [for rule in azurerm_monitor_autoscale_setting.main["blue"].profile[0].rule : [rule.metric_trigger[0].metric_name, rule.metric_trigger[0].operator, rule.metric_trigger[0].threshold, rule.metric_trigger[0].time_window, rule.scale_action[0].direction, rule.scale_action[0].cooldown]] == [
      ["CpuUtilizationPercentage", "GreaterThan", 65, "PT5M", "Increase", "PT5M"],
      ["RequestLatency_P95", "GreaterThan", 700, "PT5M", "Increase", "PT5M"],
      ["CpuUtilizationPercentage", "LessThan", 25, "PT15M", "Decrease", "PT15M"],
    ]
    error_message = "Machines must be added where they are busy or slow, and taken away where they idle."
  }

  assert {
    condition = [for rule in azurerm_monitor_autoscale_setting.main["green"].profile[0].rule : [rule.metric_trigger[0].metric_resource_id, rule.metric_trigger[0].metric_namespace]] == [
      ["${azurerm_monitor_diagnostic_setting.main.target_resource_id}/deployments/green", "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/deployments"],
      [azurerm_monitor_diagnostic_setting.main.target_resource_id, "Microsoft.MachineLearningServices/workspaces/onlineEndpoints"],
      ["${azurerm_monitor_diagnostic_setting.main.target_resource_id}/deployments/green", "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/deployments"],
    ]
    error_message = "A deployment must be scaled by its own load, and by how slow the endpoint is."
  }

  assert {
    condition     = alltrue(flatten([for setting in azurerm_monitor_autoscale_setting.main : [for rule in setting.profile[0].rule : rule.metric_trigger[0].statistic == "Average" && rule.metric_trigger[0].time_aggregation == "Average" && rule.metric_trigger[0].time_grain == "PT1M" && rule.scale_action[0].type == "ChangeCount" && rule.scale_action[0].value == 1]]))
    error_message = "One machine at a time must come or go, by averages."
  }
}

run "deployment_on_gpus" {
  command = plan

  variables {
    environment = "prod"
    kind        = "online"
    deployments = ["blue"]
  }

  assert {
    condition = { for alert in azurerm_monitor_metric_alert.deployment : alert.name => [one(alert.criteria).metric_name, one(alert.criteria).operator, one(alert.criteria).threshold] } == {
      cpu-online-example-prod-blue        = ["CpuUtilizationPercentage", "GreaterThan", 90]
      memory-online-example-prod-blue     = ["CpuMemoryUtilizationPercentage", "GreaterThan", 90]
      disk-online-example-prod-blue       = ["DiskUtilization", "GreaterThan", 90]
      capacity-online-example-prod-blue   = ["DeploymentCapacity", "LessThan", 3]
      gpu-online-example-prod-blue        = ["GpuUtilizationPercentage", "GreaterThan", 90]
      gpu-memory-online-example-prod-blue = ["GpuMemoryUtilizationPercentage", "GreaterThan", 90]
    }
    error_message = "GPUs must be watched too."
  }

  assert {
    condition     = [azurerm_monitor_autoscale_setting.main["blue"].profile[0].capacity[0].minimum, azurerm_monitor_autoscale_setting.main["blue"].profile[0].capacity[0].maximum] == [3, 6]
    error_message = "The configuration must say how many machines there are."
  }
}

run "endpoint_without_deployments" {
  command = plan

  variables {
    environment = "prod"
    kind        = "online"
  }

  assert {
    condition     = length(azurerm_monitor_metric_alert.endpoint) == 3 && length(azurerm_monitor_metric_alert.deployment) == 0 && length(azurerm_monitor_autoscale_setting.main) == 0
    error_message = "An endpoint must be watched before its first deployment, and after its last."
  }
}

run "machines_that_azure_does_not_run" {
  command = plan

  variables {
    environment = "staging"
    kind        = "kubernetes"
    deployments = ["blue"]
  }

  assert {
    condition     = toset([for alert in azurerm_monitor_metric_alert.endpoint : alert.name]) == toset(["latency-k8s-example-staging", "server-errors-k8s-example-staging", "data-collection-k8s-example-staging"])
    error_message = "The endpoint must be watched."
  }

  assert {
    condition     = length(azurerm_monitor_metric_alert.deployment) == 0 && length(azurerm_monitor_autoscale_setting.main) == 0
    error_message = "Machines that Azure does not run must be neither watched nor scaled here."
  }
}

run "kind_that_the_configuration_does_not_name" {
  command = plan

  variables {
    environment = "staging"
    kind        = "online"
  }

  expect_failures = [data.azurerm_client_config.current]
}

run "unknown_environment" {
  command = plan

  variables {
    environment = "production"
    kind        = "online"
  }

  expect_failures = [var.environment]
}

run "name_that_no_deployment_has" {
  command = plan

  variables {
    environment = "prod"
    kind        = "online"
    deployments = ["blue/green"]
  }

  expect_failures = [var.deployments]
}
