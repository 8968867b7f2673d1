# The Azure ML registry that all environments share: a model is promoted from one to the next through it. It is built once,
# apart from them, so that none of them can take it away.

locals {
  # All environments name the same registry; `mlops check` sees to that.
  config   = yamldecode(file("${path.module}/${var.config_folder}/prod.yml"))
  registry = local.config.registry
  tags     = { for name, value in try(local.config.tags, {}) : name => value if name != "environment" }
}

variable "config_folder" {
  type        = string
  description = "Optional. The folder with dev.yml, staging.yml and prod.yml, relative to this one."
  default     = "../../config"

  validation {
    condition     = fileexists("${path.module}/${var.config_folder}/prod.yml")
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
      publicNetworkAccess = "Enabled"
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

  lifecycle {
    precondition {
      condition     = local.config.network.mode != "isolated"
      error_message = "config/prod.yml: network.mode 'isolated' is refused here: this registry is reached over its public endpoint, which isolated computes cannot. A registry with private endpoints is not built yet."
    }
  }
}

output "registry_id" {
  description = "The registry's resource ID, for role assignments."
  value       = azapi_resource.registry.id
}
