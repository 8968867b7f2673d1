resource "azurerm_container_registry" "main" {
  name                   = var.name
  resource_group_name    = var.placement.resource_group_name
  location               = var.placement.location
  sku                    = var.sku
  admin_enabled          = false
  anonymous_pull_enabled = false

  # Azure Machine Learning itself is a trusted service: it gets in with its identity even when the endpoint is closed.
  public_network_access_enabled = !var.closed
  network_rule_bypass_option    = "AzureServices"

  tags = var.placement.tags
}

resource "azurerm_monitor_diagnostic_setting" "main" {
  name                       = "log-analytics"
  target_resource_id         = azurerm_container_registry.main.id
  log_analytics_workspace_id = var.log_analytics_id

  enabled_log {
    category = "ContainerRegistryLoginEvents"
  }

  enabled_log {
    category = "ContainerRegistryRepositoryEvents"
  }
}
