# The environment that is built: its configuration, the tables, and the resource group, which exists beforehand.

module "configuration" {
  source = "./modules/configuration"

  folder          = "${path.module}/${var.config_folder}"
  environment     = local.environment
  subscription_id = data.azurerm_client_config.current.subscription_id
}

locals {
  environment = coalesce(var.environment, terraform.workspace)
  config      = module.configuration.environments[local.environment]

  alerts    = yamldecode(file("${path.module}/tables/alerts.yml"))
  logs      = yamldecode(file("${path.module}/tables/logs.yml"))
  networks  = yamldecode(file("${path.module}/tables/network.yml"))
  retention = yamldecode(file("${path.module}/tables/retention.yml"))
  grants    = yamldecode(file("${path.module}/tables/roles.yml"))

  names    = local.config.names
  sizes    = local.config.sizes
  existing = { for name in ["log_analytics_id", "container_registry_id", "key_vault_id"] : name => lookup(local.config.existing, name, null) }

  placement = {
    resource_group_name = local.names.resource_group
    location            = local.config.environment.location
    tags                = local.config.tags
  }

  # IDs of resources that exist, or that another stack builds.
  subscription      = "/subscriptions/${data.azurerm_client_config.current.subscription_id}"
  resource_group_id = "${local.subscription}/resourceGroups/${local.names.resource_group}"
  registry_home     = "/subscriptions/${try(coalesce(local.config.registry.subscription_id), data.azurerm_client_config.current.subscription_id)}"
  ml_registry_id    = "${local.registry_home}/resourceGroups/${local.config.registry.resource_group}/providers/Microsoft.MachineLearningServices/registries/${local.config.registry.name}"
  state_id          = try("${local.subscription}/resourceGroups/${local.config.state.resource_group}/providers/Microsoft.Storage/storageAccounts/${local.config.state.storage_account}", null)

  # Jobs read production data in the environments that data.production_access names.
  reads_production   = local.environment != "prod" && contains(local.config.data.production_access, local.environment)
  production         = module.configuration.environments["prod"].names
  production_lake_id = "${local.subscription}/resourceGroups/${local.production.resource_group}/providers/Microsoft.Storage/storageAccounts/${local.production.data_lake}"
}

data "azurerm_client_config" "current" {}
