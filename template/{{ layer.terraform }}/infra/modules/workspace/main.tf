# The Azure Machine Learning workspace, and the data lake's containers as its datastores.

resource "azurerm_machine_learning_workspace" "main" {
  name                          = var.name
  resource_group_name           = var.placement.resource_group_name
  location                      = var.placement.location
  storage_account_id            = var.storage_account_id
  key_vault_id                  = var.key_vault_id
  container_registry_id         = var.container_registry_id
  application_insights_id       = var.application_insights_id
  storage_account_access_type   = "Identity"
  public_network_access_enabled = !var.closed
  image_build_compute_name      = var.image_build_compute
  tags                          = var.placement.tags

  # Azure gives the workspace's own identity its roles on the four resources above when it creates the workspace. Monitors and
  # jobs without a cluster act as the other one.
  identity {
    type         = "SystemAssigned, UserAssigned"
    identity_ids = [var.identity_id]
  }

  managed_network {
    isolation_mode = var.isolation_mode

    # Later, the first cluster or endpoint would wait half an hour for it.
    provision_on_creation_enabled = var.closed
  }
}

# No credential is stored: who reads a datastore does so with an identity of their own, which needs a role on the data lake.
resource "azurerm_machine_learning_datastore_datalake_gen2" "main" {
  for_each = var.datastores

  name                  = each.key
  workspace_id          = azurerm_machine_learning_workspace.main.id
  storage_container_id  = each.value
  service_data_identity = "None"
}

resource "azurerm_monitor_diagnostic_setting" "main" {
  name                       = "log-analytics"
  target_resource_id         = azurerm_machine_learning_workspace.main.id
  log_analytics_workspace_id = var.log_analytics_id

  dynamic "enabled_log" {
    for_each = ["AmlComputeClusterEvent", "AmlComputeJobEvent", "AmlRunStatusChangedEvent", "ModelsActionEvent", "ModelsChangeEvent"]

    content {
      category = enabled_log.value
    }
  }
}
