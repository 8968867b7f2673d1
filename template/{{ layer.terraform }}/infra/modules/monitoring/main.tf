# Where logs and measurements of the environment are kept.

resource "azurerm_log_analytics_workspace" "main" {
  name                         = var.log_analytics_name
  resource_group_name          = var.placement.resource_group_name
  location                     = var.placement.location
  sku                          = "PerGB2018"
  retention_in_days            = var.retention_days
  local_authentication_enabled = false
  tags                         = var.placement.tags
}

resource "azurerm_application_insights" "main" {
  name                         = var.application_insights_name
  resource_group_name          = var.placement.resource_group_name
  location                     = var.placement.location
  application_type             = "web"
  workspace_id                 = azurerm_log_analytics_workspace.main.id
  local_authentication_enabled = false
  tags                         = var.placement.tags
}
