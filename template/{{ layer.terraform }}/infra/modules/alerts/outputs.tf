output "receivers" {
  description = "Mailboxes that alerts are sent to."
  value       = [for receiver in azurerm_monitor_action_group.main.email_receiver : receiver.email_address]
}

output "logic_apps" {
  description = "Resource IDs of the Logic Apps that alerts are sent to."
  value       = [for receiver in azurerm_monitor_action_group.main.logic_app_receiver : receiver.resource_id]
}

output "thresholds" {
  description = "Values above which an alert is raised, by metric."
  value       = { for alert in concat(values(azurerm_monitor_metric_alert.main), azurerm_monitor_metric_alert.events_failed) : one(alert.criteria).metric_name => one(alert.criteria).threshold }
}

output "monthly_budget" {
  description = "What the resource group may cost a month; null without a budget."
  value       = one(azurerm_consumption_budget_resource_group.main[*].amount)
}
