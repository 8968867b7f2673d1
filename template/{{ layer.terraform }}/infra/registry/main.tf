# The Azure ML registry that all environments share: a model is promoted from one to the next through it. It is built once,
# apart from them, so that none of them can take it away.

variable "config_folder" {
  type        = string
  description = "Optional. The folder with common.yml and a file for each environment, relative to this one."
  default     = "../../config"
}

module "configuration" {
  source = "../modules/configuration"

  folder          = "${path.module}/${var.config_folder}"
  subscription_id = data.azurerm_client_config.current.subscription_id
}

data "azurerm_client_config" "current" {}

locals {
  # The registry, its network and its logs are prod's, which shares them with all environments.
  config   = module.configuration.environments["prod"]
  registry = local.config.registry

  # Isolated environments reach it through private endpoints; any other needs the public one.
  closed           = alltrue([for config in module.configuration.environments : config.network.mode == "isolated"])
  endpoints        = local.config.network.mode == "isolated"
  zone_ids         = module.configuration.zone_ids["prod"]
  log_analytics_id = try(local.config.existing.log_analytics_id, null)

  tables = yamldecode(file("${path.module}/../tables/network.yml"))
  logs   = yamldecode(file("${path.module}/../tables/logs.yml"))

  group_id = "/subscriptions/${data.azurerm_client_config.current.subscription_id}/resourceGroups/${local.registry.resource_group}"
  tags     = { for name, value in local.config.tags : name => value if name != "environment" }

  # Azure makes the storage account and the container registry behind the registry.
  region = azapi_resource.registry.output.properties.regionDetails[0]
  targets = {
    ml_registry                    = azapi_resource.registry.id
    ml_registry_storage            = local.region.storageAccountDetails[0].systemCreatedStorageAccount.armResourceId.resourceId
    ml_registry_container_registry = local.region.acrDetails[0].systemCreatedAcrAccount.armResourceId.resourceId
  }
}

# azurerm has no such resource.
resource "azapi_resource" "registry" {
  type      = "Microsoft.MachineLearningServices/registries@2026-05-01"
  name      = local.registry.name
  parent_id = local.group_id
  location  = local.registry.location
  tags      = local.tags

  # The first stable version whose assignedIdentities can be written, which azapi may not know yet.
  schema_validation_enabled = false

  identity {
    type = "SystemAssigned"
  }

  body = {
    properties = {
      publicNetworkAccess = local.closed ? "Disabled" : "Enabled"

      # Azure denies changes in the group behind the registry. Whoever builds it is exempt, to give endpoints their roles there.
      managedResourceGroupSettings = { assignedIdentities = [{ principalId = data.azurerm_client_config.current.object_id }] }

      regionDetails = [{
        location = local.registry.location
        acrDetails = [{
          systemCreatedAcrAccount = { acrAccountSku = "Premium" }
        }]
        storageAccountDetails = [{
          systemCreatedStorageAccount = {
            storageAccountType    = "Standard_LRS"
            allowBlobPublicAccess = false
          }
        }]
      }]
    }
  }

  response_export_values = ["properties.managedResourceGroup.resourceId", "properties.regionDetails"]

  # A plan that would destroy it stops: every model that was promoted is in it. Who is exempt is decided once.
  lifecycle {
    prevent_destroy = true
    ignore_changes  = [body.properties.managedResourceGroupSettings]
  }
}

resource "azurerm_monitor_diagnostic_setting" "main" {
  count = local.log_analytics_id == null ? 0 : 1

  name                       = "log-analytics"
  target_resource_id         = azapi_resource.registry.id
  log_analytics_workspace_id = local.log_analytics_id

  dynamic "enabled_log" {
    for_each = toset(local.logs.ml_registry.categories)

    content {
      category = enabled_log.value
    }
  }
}

resource "azurerm_private_endpoint" "main" {
  for_each = { for row in local.tables.registry_endpoints : row.name => row if local.endpoints }

  name                = "pe-${local.registry.name}-${each.key}"
  resource_group_name = local.registry.resource_group
  location            = local.config.environment.location # of the network
  subnet_id           = module.configuration.subnet_ids["prod"]
  tags                = local.tags

  private_service_connection {
    name                           = each.key
    private_connection_resource_id = local.targets[each.value.on]
    subresource_names              = [each.value.subresource]
    is_manual_connection           = false
  }

  # Without zones, a policy of the organisation registers the endpoint.
  dynamic "private_dns_zone_group" {
    for_each = length(local.zone_ids) > 0 ? ["default"] : []

    content {
      name                 = private_dns_zone_group.value
      private_dns_zone_ids = [for zone in local.tables.zones[each.value.subresource] : local.zone_ids[zone]]
    }
  }

  lifecycle {
    precondition {
      condition     = try(local.config.network.address_space, null) == null || try(local.registry.subscription_id, null) == null
      error_message = "config/common.yml: network.address_space: is refused with registry.subscription_id, as that network is in the environments' subscription: give its subnet and zones as network.subnet_id and network.private_dns_zone_ids"
    }
  }
}

output "registry_id" {
  description = "Resource ID of the registry."
  value       = azapi_resource.registry.id
}

output "managed_resource_group" {
  description = "The resource group that Azure made behind the registry, for registry.managed_resource_group in config/common.yml: endpoints load models and images from there."
  value       = basename(azapi_resource.registry.output.properties.managedResourceGroup.resourceId)
}
