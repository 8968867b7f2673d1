# What stands around an endpoint.

mock_provider "azurerm" {
  mock_data "azurerm_client_config" {
    defaults = { subscription_id = "00000000-0000-0000-0000-000000000000" }
  }
}

variables {
  config_folder = "../tests/config"
}

run "online" {
  command = plan

  variables {
    environment = "dev"
    kind        = "online"
    deployments = ["blue", "green"]
  }

  assert {
    condition     = toset(keys(azurerm_monitor_autoscale_setting.main)) == toset(["blue", "green"])
    error_message = "Each deployment must scale."
  }

  assert {
    condition = alltrue([
      for name, setting in azurerm_monitor_autoscale_setting.main : alltrue([
        for rule in setting.profile[0].rule : jsonencode(rule.metric_trigger[0].dimensions[*].values) == jsonencode([[name]])
        if strcontains(rule.metric_trigger[0].metric_name, "Latency")
      ])
    ])
    error_message = "A deployment must scale on its own latency."
  }

  assert {
    condition     = length(azurerm_monitor_metric_alert.main) == 3 + 2 * 3
    error_message = "Each alert of tables/alerts.yml must exist for the endpoint, or for each deployment; those on GPUs where there are some."
  }
}

run "kubernetes" {
  command = plan

  variables {
    environment = "staging"
    kind        = "kubernetes"
  }

  assert {
    condition     = length(azurerm_monitor_autoscale_setting.main) == 0 && length(azurerm_monitor_metric_alert.main) == 3
    error_message = "An endpoint on a cluster of yours must have the endpoint's alerts alone."
  }

  assert {
    condition     = azurerm_monitor_diagnostic_setting.main.log_analytics_workspace_id == "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-hub/providers/Microsoft.OperationalInsights/workspaces/log-hub"
    error_message = "Logs must go to the Log Analytics workspace that the configuration names."
  }
}
