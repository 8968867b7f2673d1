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

run "endpoint" {
  command = plan

  variables {
    environment = "dev"
    kind        = "example"
  }

  assert {
    condition     = azurerm_monitor_diagnostic_setting.main.name == "log-analytics" && azurerm_monitor_diagnostic_setting.main.target_resource_id == "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example-dev/providers/Microsoft.MachineLearningServices/workspaces/mlw-example-dev/onlineEndpoints/endpoint-example-dev" && azurerm_monitor_diagnostic_setting.main.log_analytics_workspace_id == "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example-dev/providers/Microsoft.OperationalInsights/workspaces/log-example-dev"
    error_message = "The endpoint's logs must go to the environment's Log Analytics."
  }

  assert {
    condition     = toset([for log in azurerm_monitor_diagnostic_setting.main.enabled_log : log.category]) == toset(["AmlOnlineEndpointConsoleLog", "AmlOnlineEndpointEventLog", "AmlOnlineEndpointTrafficLog"])
    error_message = "All logs of the endpoint must be kept."
  }

  assert {
    condition = { for alert in azurerm_monitor_metric_alert.endpoint : alert.name => [one(alert.criteria).metric_name, one(alert.criteria).operator, one(alert.criteria).threshold] } == {
      latency-endpoint-example-dev         = ["RequestLatency_P95", "GreaterThan", 700]
      server-errors-endpoint-example-dev   = ["RequestsPerMinute", "GreaterThan", 2]
      data-collection-endpoint-example-dev = ["DataCollectionErrorsPerMinute", "GreaterThan", 0]
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
    condition     = alltrue([for alert in azurerm_monitor_metric_alert.endpoint : one(alert.criteria).aggregation == "Average" && alert.severity == 2 && alert.frequency == "PT5M" && alert.window_size == "PT15M" && alert.resource_group_name == "rg-example-dev" && one(alert.action).action_group_id == "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example-dev/providers/Microsoft.Insights/actionGroups/ag-example-dev"])
    error_message = "Every alert must reach the environment's action group within minutes."
  }
}

run "kind_that_the_configuration_does_not_name" {
  command = plan

  variables {
    environment = "dev"
    kind        = "other"
  }

  expect_failures = [data.azurerm_client_config.current]
}

run "unknown_environment" {
  command = plan

  variables {
    environment = "production"
    kind        = "example"
  }

  expect_failures = [var.environment]
}

run "folder_without_configuration" {
  command = plan

  variables {
    environment   = "dev"
    kind          = "example"
    config_folder = "tests"
  }

  expect_failures = [var.config_folder]
}
