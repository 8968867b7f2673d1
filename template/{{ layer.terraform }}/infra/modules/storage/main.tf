# A storage account that is opened by identity only: the workspace's own, and the data lake.

resource "azurerm_storage_account" "main" {
  name                             = var.name
  resource_group_name              = var.placement.resource_group_name
  location                         = var.placement.location
  account_tier                     = "Standard"
  account_replication_type         = var.replication
  is_hns_enabled                   = var.hierarchical
  shared_access_key_enabled        = false
  default_to_oauth_authentication  = true
  local_user_enabled               = false
  allow_nested_items_to_be_public  = false
  cross_tenant_replication_enabled = false
  min_tls_version                  = "TLS1_2"
  public_network_access_enabled    = !var.closed
  tags                             = var.placement.tags

  # Azure Machine Learning itself is a trusted service: it gets in with its identity even when the endpoint is closed.
  network_rules {
    default_action = var.closed ? "Deny" : "Allow"
    bypass         = ["AzureServices"]
  }

  blob_properties {
    # A data lake knows no versions.
    versioning_enabled = !var.hierarchical

    delete_retention_policy {
      days = 14
    }

    container_delete_retention_policy {
      days = 14
    }
  }
}

# Who overwrites a model or an output by mistake has a month to notice.
resource "azurerm_storage_management_policy" "main" {
  count = var.hierarchical ? 0 : 1

  storage_account_id = azurerm_storage_account.main.id

  rule {
    name    = "delete-previous-versions"
    enabled = true

    filters {
      blob_types = ["appendBlob", "blockBlob"]
    }

    actions {
      version {
        delete_after_days_since_creation = 30
      }
    }
  }
}

resource "azurerm_storage_container" "main" {
  for_each = var.containers

  name                  = each.key
  storage_account_id    = azurerm_storage_account.main.id
  container_access_type = "private"
}

# Who changed or deleted data. Reads are not logged: training reads every blob many times.
resource "azurerm_monitor_diagnostic_setting" "main" {
  name                       = "log-analytics"
  target_resource_id         = "${azurerm_storage_account.main.id}/blobServices/default"
  log_analytics_workspace_id = var.log_analytics_id

  enabled_log {
    category = "StorageWrite"
  }

  enabled_log {
    category = "StorageDelete"
  }
}
