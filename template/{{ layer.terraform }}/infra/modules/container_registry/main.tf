# Its public endpoint stays open in every mode, for identities with a role: a closed container registry cannot build
# the images of jobs and endpoints, and would need a build cluster that is not made here.
resource "azurerm_container_registry" "main" {
  name                   = var.name
  resource_group_name    = var.placement.resource_group_name
  location               = var.placement.location
  sku                    = var.sku
  admin_enabled          = false
  anonymous_pull_enabled = false
  tags                   = var.placement.tags
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
