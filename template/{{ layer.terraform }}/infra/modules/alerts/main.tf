# Who is told when something fails, or when the environment costs more than it should. Alerts on an endpoint belong to its
# deployment: here it does not exist yet.

locals {
  # Azure's names of the workspace's metrics have spaces. `split`: a dimension that is watched value by value.
  alerts = {
    failed-job        = { metric = "Failed Runs", aggregation = "Total", threshold = 0, split = [], text = "A job failed. A monitor that could not run is a failed job too." }
    failed-deployment = { metric = "Model Deploy Failed", aggregation = "Total", threshold = 0, split = [], text = "A model could not be deployed." }
    unusable-node     = { metric = "Unusable Nodes", aggregation = "Maximum", threshold = 0, split = ["ClusterName"], text = "A node of a cluster does not work, but may be paid for." }
    quota             = { metric = "Quota Utilization Percentage", aggregation = "Average", threshold = var.quota_percent, split = ["VmFamilyName"], text = "The quota of a family of virtual machines is nearly used up: the next job or deployment may wait." }
  }
}

# By mail and, where there is a Logic App, as an issue.
resource "azurerm_monitor_action_group" "main" {
  name                = var.names.action_group
  resource_group_name = var.placement.resource_group_name
  short_name          = "ml-${var.environment}" # at most 12 characters
  tags                = var.placement.tags

  email_receiver {
    name                    = "owner"
    email_address           = var.email
    use_common_alert_schema = true
  }

  dynamic "logic_app_receiver" {
    for_each = var.logic_app[*]

    content {
      name                    = "logic-app"
      resource_id             = logic_app_receiver.value.id
      callback_url            = var.callback_url
      use_common_alert_schema = true
    }
  }
}

# By mail alone: the Logic App cannot tell of its own failure.
resource "azurerm_monitor_action_group" "mail" {
  name                = var.names.action_group_mail
  resource_group_name = var.placement.resource_group_name
  short_name          = "mlm-${var.environment}"
  tags                = var.placement.tags

  email_receiver {
    name                    = "owner"
    email_address           = var.email
    use_common_alert_schema = true
  }
}

resource "azurerm_monitor_metric_alert" "main" {
  for_each = local.alerts

  name                = "${each.key}-${var.names.workspace}"
  resource_group_name = var.placement.resource_group_name
  description         = each.value.text
  scopes              = [var.workspace_id]
  severity            = 2
  frequency           = "PT5M"
  window_size         = "PT15M"
  tags                = var.placement.tags

  criteria {
    metric_namespace = "Microsoft.MachineLearningServices/workspaces"
    metric_name      = each.value.metric
    aggregation      = each.value.aggregation
    operator         = "GreaterThan"
    threshold        = each.value.threshold

    dynamic "dimension" {
      for_each = each.value.split

      content {
        name     = dimension.value
        operator = "Include"
        values   = ["*"]
      }
    }
  }

  action {
    action_group_id = azurerm_monitor_action_group.main.id
  }
}

resource "azurerm_monitor_metric_alert" "events_failed" {
  count = var.logic_app == null ? 0 : 1

  name                = "events-failed-${var.names.workspace}"
  resource_group_name = var.placement.resource_group_name
  description         = "An event or an alert did not get out of Azure: no pipeline was started, or no issue opened."
  scopes              = [var.logic_app.id]
  severity            = 2
  frequency           = "PT5M"
  window_size         = "PT15M"
  tags                = var.placement.tags

  criteria {
    metric_namespace = "Microsoft.Logic/workflows"
    metric_name      = "RunsFailed"
    aggregation      = "Total"
    operator         = "GreaterThan"
    threshold        = 0
  }

  action {
    action_group_id = azurerm_monitor_action_group.mail.id
  }
}

# It tells, and stops nothing.
resource "azurerm_consumption_budget_resource_group" "main" {
  count = var.monthly_budget == null ? 0 : 1

  name              = "budget-${var.names.workspace}"
  resource_group_id = var.resource_group_id
  amount            = var.monthly_budget
  time_grain        = "Monthly"

  time_period {
    start_date = formatdate("YYYY-MM-01'T'00:00:00'Z'", plantimestamp())
  }

  notification {
    threshold_type = "Actual"
    operator       = "GreaterThan"
    threshold      = 80
    contact_groups = [azurerm_monitor_action_group.main.id]
  }

  notification {
    threshold_type = "Forecasted"
    operator       = "GreaterThan"
    threshold      = 100
    contact_groups = [azurerm_monitor_action_group.main.id]
  }

  lifecycle {
    # The month of the first apply: a later one would make the budget anew.
    ignore_changes = [time_period]
  }
}
