# Who is told when something fails, or when the environment costs more than it should: the mailbox of the configuration.
# tables/alerts.yml says what is watched. Alerts on an endpoint belong to its deployment: here it does not exist yet.

resource "azurerm_monitor_action_group" "main" {
  name                = local.names.action_group
  resource_group_name = local.placement.resource_group_name
  short_name          = substr("ml-${local.environment}", 0, 12)
  tags                = local.placement.tags

  email_receiver {
    name                    = "owner"
    email_address           = local.config.alerts.email
    use_common_alert_schema = true
  }
}

resource "azurerm_monitor_metric_alert" "main" {
  for_each = { for row in local.alerts.workspace : row.name => row }

  name                = "${each.key}-${local.names.workspace}"
  resource_group_name = local.placement.resource_group_name
  description         = "${each.value.text} ${each.value.look}"
  scopes              = [azurerm_machine_learning_workspace.main.id]
  severity            = 2
  frequency           = "PT5M"
  window_size         = "PT15M"
  tags                = local.placement.tags

  criteria {
    metric_namespace = "Microsoft.MachineLearningServices/workspaces"
    metric_name      = each.value.metric
    aggregation      = each.value.aggregation
    operator         = each.value.operator
    threshold        = try(tonumber(each.value.threshold), local.config.thresholds[each.value.threshold])

    dynamic "dimension" {
      for_each = lookup(each.value, "split", [])

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

# A query says how far it looks back; Azure cuts it at the window, and takes none that is longer. A table is there only once its
# first row has arrived, so that Azure cannot check the query before.
resource "azurerm_monitor_scheduled_query_rules_alert_v2" "main" {
  for_each = { for row in local.alerts.queries : row.name => row }

  name                    = "${each.key}-${local.names.workspace}"
  display_name            = "${each.key}-${local.names.workspace}"
  resource_group_name     = local.placement.resource_group_name
  location                = local.placement.location
  description             = "${each.value.text} ${each.value.look}"
  scopes                  = [local.log_analytics_id]
  severity                = 2
  evaluation_frequency    = "PT${each.value.minutes}M"
  window_duration         = "P2D"
  auto_mitigation_enabled = true
  skip_query_validation   = true
  tags                    = local.placement.tags

  criteria {
    query = replace(replace(replace(each.value.query,
      "{workspace}", local.names.workspace),
      "{storage_account}", local.names.storage_account),
    "{watch_silent_hours}", local.config.thresholds.watch_silent_hours)
    time_aggregation_method = "Count"
    operator                = "GreaterThan"
    threshold               = 0
  }

  action {
    action_groups = [azurerm_monitor_action_group.main.id]
  }
}

# Incidents of Azure concern a subscription; resources are watched in the group.
resource "azurerm_monitor_activity_log_alert" "main" {
  for_each = { for row in local.alerts.activity : row.name => row }

  name                = "${each.key}-${local.names.workspace}"
  resource_group_name = local.placement.resource_group_name
  location            = "global"
  description         = "${each.value.text} ${each.value.look}"
  scopes              = [each.value.category == "ServiceHealth" ? local.subscription : local.resource_group_id]
  tags                = local.placement.tags

  criteria {
    category = each.value.category
  }

  action {
    action_group_id = azurerm_monitor_action_group.main.id
  }
}

# It mails by itself, and stops nothing.
resource "azurerm_consumption_budget_resource_group" "main" {
  count = try(local.config.alerts.monthly_budget, null) == null ? 0 : 1

  name              = "budget-${local.names.workspace}"
  resource_group_id = local.resource_group_id
  amount            = local.config.alerts.monthly_budget
  time_grain        = "Monthly"

  time_period {
    start_date = formatdate("YYYY-MM-01'T'00:00:00'Z'", plantimestamp())
  }

  notification {
    threshold_type = "Actual"
    operator       = "GreaterThan"
    threshold      = 80
    contact_emails = [local.config.alerts.email]
  }

  notification {
    threshold_type = "Forecasted"
    operator       = "GreaterThan"
    threshold      = 100
    contact_emails = [local.config.alerts.email]
  }

  lifecycle {
    # The month of the first apply: with a later one the budget would be built again.
    ignore_changes = [time_period]
  }
}
