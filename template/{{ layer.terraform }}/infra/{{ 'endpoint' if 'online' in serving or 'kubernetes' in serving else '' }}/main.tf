# What stands around an endpoint: its logs here, its alerts in alerts.tf. A deployment makes the endpoint, and applies this afterwards.

locals {
  config     = yamldecode(file("${path.module}/${var.config_folder}/${var.environment}.yml"))
  names      = local.config.names
  thresholds = local.config.thresholds
  tags       = try(local.config.tags, {})

  endpoint         = lookup(local.names, "${var.kind}_endpoint", null)
  group_id         = "/subscriptions/${data.azurerm_client_config.current.subscription_id}/resourceGroups/${local.names.resource_group}"
  endpoint_id      = "${local.group_id}/providers/Microsoft.MachineLearningServices/workspaces/${local.names.workspace}/onlineEndpoints/${local.endpoint}"
  log_analytics_id = "${local.group_id}/providers/Microsoft.OperationalInsights/workspaces/${local.names.log_analytics}"
  action_group_id  = "${local.group_id}/providers/Microsoft.Insights/actionGroups/${local.names.action_group}"

  of_endpoint = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints"
}

data "azurerm_client_config" "current" {
  lifecycle {
    precondition {
      condition     = contains(keys(local.names), "${var.kind}_endpoint")
      error_message = "kind: '${var.kind}' is refused: config/${var.environment}.yml must name such an endpoint as ${var.kind}_endpoint."
    }
  }
}

# An endpoint does not inherit the workspace's.
resource "azurerm_monitor_diagnostic_setting" "main" {
  name                       = "log-analytics"
  target_resource_id         = local.endpoint_id
  log_analytics_workspace_id = local.log_analytics_id

  dynamic "enabled_log" {
    for_each = ["AmlOnlineEndpointConsoleLog", "AmlOnlineEndpointEventLog", "AmlOnlineEndpointTrafficLog"]

    content {
      category = enabled_log.value
    }
  }
}
