# The key vault and the container registry, unless the configuration names yours.

resource "azurerm_key_vault" "main" {
  count = local.existing.key_vault_id == null ? 1 : 0

  name                          = local.names.key_vault
  resource_group_name           = local.placement.resource_group_name
  location                      = local.placement.location
  tenant_id                     = data.azurerm_client_config.current.tenant_id
  sku_name                      = "standard"
  rbac_authorization_enabled    = true
  purge_protection_enabled      = true
  soft_delete_retention_days    = 90
  public_network_access_enabled = !local.closed
  tags                          = local.placement.tags

  network_acls {
    default_action = local.closed ? "Deny" : "Allow"
    bypass         = "AzureServices"
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "azurerm_container_registry" "main" {
  count = local.existing.container_registry_id == null ? 1 : 0

  name                   = local.names.container_registry
  resource_group_name    = local.placement.resource_group_name
  location               = local.placement.location
  sku                    = local.sizes.container_registry_sku
  admin_enabled          = false
  anonymous_pull_enabled = false

  # Azure Machine Learning itself is a trusted service: it gets in with its identity even when the endpoint is closed.
  public_network_access_enabled = !local.closed
  network_rule_bypass_option    = "AzureServices"

  tags = local.placement.tags
}

locals {
  key_vault_id          = local.existing.key_vault_id == null ? azurerm_key_vault.main[0].id : local.existing.key_vault_id
  container_registry_id = local.existing.container_registry_id == null ? azurerm_container_registry.main[0].id : local.existing.container_registry_id
}
