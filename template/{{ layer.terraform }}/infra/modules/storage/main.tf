# A storage account that is opened by identity only.

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
  public_network_access_enabled    = !var.closed || length(var.admitted_ids) > 0
  tags                             = var.placement.tags

  # Azure Machine Learning itself is a trusted service: it gets in with its identity even when the endpoint is closed. With
  # `admitted_ids` the endpoint is there, and answers those resources alone.
  network_rules {
    default_action = var.closed ? "Deny" : "Allow"
    bypass         = ["AzureServices"]

    dynamic "private_link_access" {
      for_each = var.admitted_ids

      content {
        endpoint_resource_id = private_link_access.value
      }
    }
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

  # A plan that would destroy it stops. README says how a person removes an environment all the same.
  lifecycle {
    prevent_destroy = true
  }
}

# Overwritten models and outputs can be recovered for a month; old data go where tables/retention.yml says so.
resource "azurerm_storage_management_policy" "main" {
  count = !var.hierarchical || length(var.retention_days) > 0 ? 1 : 0

  storage_account_id = azurerm_storage_account.main.id

  dynamic "rule" {
    for_each = var.hierarchical ? [] : [30]

    content {
      name    = "delete-previous-versions"
      enabled = true

      filters {
        blob_types = ["appendBlob", "blockBlob"]
      }

      actions {
        version {
          delete_after_days_since_creation = rule.value
        }
      }
    }
  }

  dynamic "rule" {
    for_each = var.retention_days

    content {
      name    = "delete-old-${replace(rule.key, "/", "-")}"
      enabled = true

      filters {
        blob_types   = ["appendBlob", "blockBlob"]
        prefix_match = ["${rule.key}/"]
      }

      actions {
        base_blob {
          delete_after_days_since_modification_greater_than = rule.value
        }
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

resource "azurerm_monitor_diagnostic_setting" "main" {
  name                       = "log-analytics"
  target_resource_id         = "${azurerm_storage_account.main.id}/blobServices/default"
  log_analytics_workspace_id = var.log_analytics_id

  dynamic "enabled_log" {
    for_each = var.log_categories

    content {
      category = enabled_log.value
    }
  }
}
