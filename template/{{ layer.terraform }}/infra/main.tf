# One environment of Azure Machine Learning. Nothing in it accepts a key, a password or an anonymous call: every access needs
# an identity and a role. Names, sizes and the network mode come from config/<environment>.yml.

locals {
  environment = coalesce(var.environment, terraform.workspace)
  config_file = "config/${local.environment}.yml"
  config      = yamldecode(file("${path.module}/${var.config_folder}/${local.environment}.yml"))

  names    = local.config.names
  sizes    = local.config.sizes
  tags     = try(local.config.tags, {})
  location = local.config.location

  # Closed: reached through private endpoints only.
  closed = local.config.network.mode != "public"

  create_resource_group = try(local.config.create_resource_group, true)
  resource_group_name   = one(concat(azurerm_resource_group.main[*].name, data.azurerm_resource_group.given[*].name))
}

data "azurerm_client_config" "current" {}

resource "azurerm_resource_group" "main" {
  count = local.create_resource_group ? 1 : 0

  name     = local.names.resource_group
  location = local.location
  tags     = local.tags
}

data "azurerm_resource_group" "given" {
  count = local.create_resource_group ? 0 : 1

  name = local.names.resource_group
}

resource "azurerm_storage_account" "main" {
  name                             = local.names.storage_account
  resource_group_name              = local.resource_group_name
  location                         = local.location
  account_tier                     = "Standard"
  account_replication_type         = local.sizes.storage_replication
  shared_access_key_enabled        = false
  default_to_oauth_authentication  = true
  local_user_enabled               = false
  allow_nested_items_to_be_public  = false
  cross_tenant_replication_enabled = false
  min_tls_version                  = "TLS1_2"
  public_network_access_enabled    = !local.closed
  tags                             = local.tags

  # Azure Machine Learning itself is a trusted service: it gets in with its identity even when the endpoint is closed.
  network_rules {
    default_action = local.closed ? "Deny" : "Allow"
    bypass         = ["AzureServices"]
  }

  blob_properties {
    delete_retention_policy {
      days = 14
    }

    container_delete_retention_policy {
      days = 14
    }
  }
}

resource "azurerm_key_vault" "main" {
  name                          = local.names.key_vault
  resource_group_name           = local.resource_group_name
  location                      = local.location
  tenant_id                     = data.azurerm_client_config.current.tenant_id
  sku_name                      = "standard"
  rbac_authorization_enabled    = true
  purge_protection_enabled      = true
  soft_delete_retention_days    = 90
  public_network_access_enabled = !local.closed
  tags                          = local.tags

  network_acls {
    default_action = local.closed ? "Deny" : "Allow"
    bypass         = "AzureServices"
  }
}

# Its public endpoint stays open in every mode, for identities with a role: a closed container registry cannot build
# the images of jobs and endpoints, and would need a build cluster that is not made here.
resource "azurerm_container_registry" "main" {
  name                   = local.names.container_registry
  resource_group_name    = local.resource_group_name
  location               = local.location
  sku                    = local.sizes.container_registry_sku
  admin_enabled          = false
  anonymous_pull_enabled = false
  tags                   = local.tags
}

resource "azurerm_log_analytics_workspace" "main" {
  name                         = local.names.log_analytics
  resource_group_name          = local.resource_group_name
  location                     = local.location
  sku                          = "PerGB2018"
  retention_in_days            = local.sizes.log_retention_days
  local_authentication_enabled = false
  tags                         = local.tags
}

resource "azurerm_application_insights" "main" {
  name                         = local.names.application_insights
  resource_group_name          = local.resource_group_name
  location                     = local.location
  application_type             = "web"
  workspace_id                 = azurerm_log_analytics_workspace.main.id
  local_authentication_enabled = false
  tags                         = local.tags
}

resource "azurerm_machine_learning_workspace" "main" {
  name                          = local.names.workspace
  resource_group_name           = local.resource_group_name
  location                      = local.location
  storage_account_id            = azurerm_storage_account.main.id
  key_vault_id                  = azurerm_key_vault.main.id
  container_registry_id         = azurerm_container_registry.main.id
  application_insights_id       = azurerm_application_insights.main.id
  storage_account_access_type   = "Identity"
  public_network_access_enabled = !local.closed
  tags                          = local.tags

  # Azure gives this identity its roles on the four resources above when it creates the workspace.
  identity {
    type = "SystemAssigned"
  }

  managed_network {
    isolation_mode = local.isolation_mode

    # Later, the first cluster or endpoint would wait half an hour for it.
    provision_on_creation_enabled = local.closed
  }

  lifecycle {
    precondition {
      condition     = local.config.environment == local.environment
      error_message = "${local.config_file}: environment: '${local.config.environment}' is refused: must be '${local.environment}', as the file is called."
    }

    precondition {
      condition     = local.isolation_mode != null
      error_message = "${local.config_file}: network.mode: '${local.config.network.mode}' is refused: must be public, managed or isolated."
    }

    precondition {
      condition     = !local.closed || local.subnet_id != null
      error_message = "${local.config_file}: network.subnet_id is missing: mode '${local.config.network.mode}' closes the public endpoints, so the workspace is reached through private endpoints in a subnet of yours."
    }

    precondition {
      condition     = !local.closed || local.sizes.container_registry_sku == "Premium"
      error_message = "${local.config_file}: sizes.container_registry_sku: '${local.sizes.container_registry_sku}' is refused: mode '${local.config.network.mode}' needs Premium, the only one with private endpoints."
    }
  }
}
