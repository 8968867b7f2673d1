# Where logs and measurements of the environment are kept.

resource "azurerm_log_analytics_workspace" "main" {
  count = local.existing.log_analytics_id == null ? 1 : 0

  name                         = local.names.log_analytics
  resource_group_name          = local.placement.resource_group_name
  location                     = local.placement.location
  sku                          = "PerGB2018"
  retention_in_days            = local.sizes.log_retention_days
  daily_quota_gb               = try(coalesce(local.sizes.log_daily_cap_gb), -1) # -1: no limit
  local_authentication_enabled = false
  tags                         = local.placement.tags
}

# Scoring servers send their telemetry with an instrumentation key alone (azureml-inference-server-http 1.5.1): without local
# authentication it would be dropped. Such a key writes, and reads nothing.
resource "azurerm_application_insights" "main" {
  name                         = local.names.application_insights
  resource_group_name          = local.placement.resource_group_name
  location                     = local.placement.location
  application_type             = "web"
  workspace_id                 = local.log_analytics_id
  local_authentication_enabled = true
  tags                         = local.placement.tags
}

locals {
  log_analytics_id = local.existing.log_analytics_id == null ? azurerm_log_analytics_workspace.main[0].id : local.existing.log_analytics_id

  # Resources that send logs here, by their row in tables/logs.yml; the storage accounts do so in their module.
  logged = merge(
    { workspace = azurerm_machine_learning_workspace.main.id },
    local.existing.key_vault_id == null ? { key_vault = azurerm_key_vault.main[0].id } : {},
    local.existing.container_registry_id == null ? { container_registry = azurerm_container_registry.main[0].id } : {},
  )
}

resource "azurerm_monitor_diagnostic_setting" "main" {
  for_each = local.logged

  name                       = "log-analytics"
  target_resource_id         = each.value
  log_analytics_workspace_id = local.log_analytics_id

  dynamic "enabled_log" {
    for_each = toset(local.logs[each.key].categories)

    content {
      category = enabled_log.value
    }
  }
}
