output "receivers" {
  description = "Mailboxes that alerts are sent to."
  value       = [for receiver in azurerm_monitor_action_group.main.email_receiver : receiver.email_address]
}

output "thresholds" {
  description = "Values above which an alert is raised, by metric."
  value       = { for alert in azurerm_monitor_metric_alert.main : one(alert.criteria).metric_name => one(alert.criteria).threshold }
}

output "monthly_budget" {
  description = "What the resource group may cost a month; null without a budget."
  value       = one(azurerm_consumption_budget_resource_group.main[*].amount)
}
