# The Azure ML registry that all environments share: a model is promoted from one to the next through it. It is built once,
# apart from them, so that none of them can take it away.

locals {
  environments = {
    for name in ["dev", "staging", "prod"] : name => yamldecode(file("${path.module}/${var.config_folder}/${name}.yml"))
  }

  # All environments name the same registry; `mlops check` sees to that.
  config   = local.environments["prod"]
  registry = local.config.registry

  # Isolated environments reach it through private endpoints of their own; any other needs the public one.
  closed = alltrue([for config in local.environments : config.network.mode == "isolated"])

  tags = { for name, value in try(local.config.tags, {}) : name => value if name != "environment" }
}

variable "config_folder" {
  type        = string
  description = "Optional. The folder with dev.yml, staging.yml and prod.yml, relative to this one."
  default     = "../../config"

  validation {
    condition     = alltrue([for name in ["dev", "staging", "prod"] : fileexists("${path.module}/${var.config_folder}/${name}.yml")])
    error_message = "'${var.config_folder}' is no configuration folder: it must hold dev.yml, staging.yml and prod.yml."
  }
}

resource "azurerm_resource_group" "main" {
  name     = local.registry.resource_group
  location = local.registry.location
  tags     = local.tags
}

# azurerm has no such resource. Azure makes the storage account and the container registry behind it.
resource "azapi_resource" "registry" {
  type      = "Microsoft.MachineLearningServices/registries@2025-06-01"
  name      = local.registry.name
  parent_id = azurerm_resource_group.main.id
  location  = local.registry.location
  tags      = local.tags

  identity {
    type = "SystemAssigned"
  }

  body = {
    properties = {
      publicNetworkAccess = local.closed ? "Disabled" : "Enabled"
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

  response_export_values = ["properties.managedResourceGroup.resourceId"]
}

output "registry_id" {
  description = "The registry's resource ID, for role assignments."
  value       = azapi_resource.registry.id
}

output "managed_resource_group" {
  description = "The resource group that Azure made behind the registry, for registry.managed_resource_group in config/: endpoints load models and images from there."
  value       = basename(azapi_resource.registry.output.properties.managedResourceGroup.resourceId)
}
