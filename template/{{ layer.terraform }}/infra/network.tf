# How the workspace is reached, and what its computes reach. In mode public nothing here is created.

locals {
  isolation_mode = lookup({
    public   = "Disabled"
    managed  = "AllowInternetOutbound"
    isolated = "AllowOnlyApprovedOutbound"
  }, local.config.network.mode, null)

  subnet_id      = try(local.config.network.subnet_id, null)
  zone_ids       = try(coalesce(local.config.network.private_dns_zone_ids), [])
  approved_hosts = try(coalesce(local.config.network.approved_hosts), [])

  # What people and CI reach from your network; the zones are those Azure resolves the public names through.
  private_endpoints = {
    workspace = {
      resource_id = azurerm_machine_learning_workspace.main.id
      subresource = "amlworkspace"
      zones       = ["privatelink.api.azureml.ms", "privatelink.notebooks.azure.net"]
    }
    blob = {
      resource_id = azurerm_storage_account.main.id
      subresource = "blob"
      zones       = ["privatelink.blob.core.windows.net"]
    }
    file = {
      resource_id = azurerm_storage_account.main.id
      subresource = "file"
      zones       = ["privatelink.file.core.windows.net"]
    }
    vault = {
      resource_id = azurerm_key_vault.main.id
      subresource = "vault"
      zones       = ["privatelink.vaultcore.azure.net"]
    }
  }
}

resource "azurerm_private_endpoint" "main" {
  for_each = { for name, endpoint in local.private_endpoints : name => endpoint if local.closed }

  name                = "pe-${local.names.workspace}-${each.key}"
  resource_group_name = local.resource_group_name
  location            = local.location
  subnet_id           = local.subnet_id
  tags                = local.tags

  private_service_connection {
    name                           = each.key
    private_connection_resource_id = each.value.resource_id
    subresource_names              = [each.value.subresource]
    is_manual_connection           = false
  }

  # Without zones of its own, a policy of the organisation registers the endpoint.
  dynamic "private_dns_zone_group" {
    for_each = length(local.zone_ids) > 0 ? ["default"] : []

    content {
      name                 = private_dns_zone_group.value
      private_dns_zone_ids = [for id in local.zone_ids : id if contains(each.value.zones, basename(id))]
    }
  }

  lifecycle {
    precondition {
      condition     = length(local.zone_ids) == 0 || length(setsubtract(each.value.zones, [for id in local.zone_ids : basename(id)])) == 0
      error_message = "${local.config_file}: network.private_dns_zone_ids lacks ${join(" and ", setsubtract(each.value.zones, [for id in local.zone_ids : basename(id)]))}: list all zones, or none where a policy registers the endpoints."
    }
  }
}

# The studio shows data of a closed storage account only if the workspace may read its private endpoints.
resource "azurerm_role_assignment" "workspace_reads_endpoint" {
  for_each = { for name, endpoint in azurerm_private_endpoint.main : name => endpoint.id if contains(["blob", "file"], name) }

  scope                = each.value
  role_definition_name = "Reader"
  principal_id         = azurerm_machine_learning_workspace.main.identity[0].principal_id
  principal_type       = "ServicePrincipal"
}

# Batch endpoints and parallel jobs keep their queue and their progress in the storage account. The managed network
# makes endpoints for its blobs and files by itself, not for these two.
resource "azurerm_machine_learning_workspace_network_outbound_rule_private_endpoint" "batch" {
  for_each = toset(local.closed ? ["queue", "table"] : [])

  name                = "storage-${each.key}"
  workspace_id        = azurerm_machine_learning_workspace.main.id
  service_resource_id = azurerm_storage_account.main.id
  sub_resource_target = each.key
  spark_enabled       = false
}

# The first such rule starts an Azure Firewall, which costs money by the hour.
resource "azurerm_machine_learning_workspace_network_outbound_rule_fqdn" "approved" {
  for_each = toset(local.approved_hosts)

  name             = "host-${substr(sha256(each.key), 0, 8)}"
  workspace_id     = azurerm_machine_learning_workspace.main.id
  destination_fqdn = each.key

  lifecycle {
    precondition {
      condition     = local.config.network.mode == "isolated"
      error_message = "${local.config_file}: network.approved_hosts is refused: mode '${local.config.network.mode}' does not limit what computes reach."
    }
  }
}
