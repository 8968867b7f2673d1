# Who is told when something in the workspace fails. Alerts on an endpoint belong to its deployment: here it does not exist yet.

locals {
  # Metrics of the workspace that stay at 0 while all is well.
  alerts = {
    job        = { metric = "Failed Runs", text = "A job failed. A monitor that could not run is a failed job too." }
    deployment = { metric = "Model Deploy Failed", text = "A model could not be deployed." }
  }
}

resource "azurerm_monitor_action_group" "main" {
  name                = local.names.action_group
  resource_group_name = local.resource_group_name
  short_name          = "ml-${local.environment}" # at most 12 characters
  tags                = local.tags

  email_receiver {
    name                    = "owner"
    email_address           = local.config.alert_email
    use_common_alert_schema = true
  }
}

resource "azurerm_monitor_metric_alert" "main" {
  for_each = local.alerts

  name                = "failed-${each.key}-${local.names.workspace}"
  resource_group_name = local.resource_group_name
  description         = each.value.text
  scopes              = [azurerm_machine_learning_workspace.main.id]
  severity            = 2
  frequency           = "PT5M"
  window_size         = "PT15M"
  tags                = local.tags

  criteria {
    metric_namespace = "Microsoft.MachineLearningServices/workspaces"
    metric_name      = each.value.metric
    aggregation      = "Total"
    operator         = "GreaterThan"
    threshold        = 0
  }

  action {
    action_group_id = azurerm_monitor_action_group.main.id
  }
}
