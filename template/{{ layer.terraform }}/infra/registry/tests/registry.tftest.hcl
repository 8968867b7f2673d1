mock_provider "azapi" {
  mock_resource "azapi_resource" {
    defaults = {
      output = {
        properties = {
          managedResourceGroup = {
            resourceId = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/mlr-example-managed"
          }
        }
      }
    }
  }
}

mock_provider "azurerm" {
  # azapi wants IDs to be some.
  mock_resource "azurerm_resource_group" {
    defaults = {
      id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example-shared"
    }
  }
}

run "registry_of_its_own" {
  command = apply

  variables {
    config_folder = "tests/configs/public"
  }

  assert {
    condition     = azurerm_resource_group.main.name == "rg-example-shared" && azapi_resource.registry.name == "mlr-example" && azapi_resource.registry.parent_id == azurerm_resource_group.main.id
    error_message = "The registry must stand in the resource group that the configuration names."
  }

  assert {
    condition     = azapi_resource.registry.type == "Microsoft.MachineLearningServices/registries@2025-06-01" && azapi_resource.registry.location == "westeurope" && azapi_resource.registry.identity[0].type == "SystemAssigned"
    error_message = "The registry must act as its own identity."
  }

  assert {
    condition = azapi_resource.registry.body.properties == {
      publicNetworkAccess = "Enabled"
      regionDetails = [{
        location              = "westeurope"
        acrDetails            = [{ systemCreatedAcrAccount = { acrAccountSku = "Premium" } }]
        storageAccountDetails = [{ systemCreatedStorageAccount = { storageAccountType = "Standard_LRS", allowBlobPublicAccess = false } }]
      }]
    }
    error_message = "What Azure makes behind the registry must refuse anonymous reads."
  }

  assert {
    condition     = azapi_resource.registry.tags == tomap({ project = "example" }) && azurerm_resource_group.main.tags == tomap({ project = "example" })
    error_message = "What all environments share must be tagged as none of them."
  }

  assert {
    condition     = output.registry_id == azapi_resource.registry.id && output.managed_resource_group == "mlr-example-managed"
    error_message = "Environments must learn where endpoints load models and images from."
  }
}

run "registry_of_isolated_environments" {
  command = plan

  variables {
    config_folder = "tests/configs/isolated"
  }

  assert {
    condition     = azapi_resource.registry.body.properties.publicNetworkAccess == "Disabled"
    error_message = "Isolated environments must reach the registry through private endpoints only."
  }
}

run "registry_that_not_only_isolated_environments_use" {
  command = plan

  variables {
    config_folder = "tests/configs/mixed"
  }

  assert {
    condition     = azapi_resource.registry.body.properties.publicNetworkAccess == "Enabled"
    error_message = "An environment that is not isolated must reach the registry."
  }
}

run "folder_without_configuration" {
  command = plan

  variables {
    config_folder = "tests"
  }

  expect_failures = [var.config_folder]
}
