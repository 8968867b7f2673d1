output "log_analytics_id" {
  description = "Resource ID of the Log Analytics workspace."
  value       = azurerm_log_analytics_workspace.main.id
}

output "application_insights_id" {
  description = "Resource ID of the Application Insights component."
  value       = azurerm_application_insights.main.id
}

output "retention_days" {
  description = "Days for which logs are kept."
  value       = azurerm_log_analytics_workspace.main.retention_in_days
}
