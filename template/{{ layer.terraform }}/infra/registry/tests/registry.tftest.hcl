mock_provider "azapi" {}
mock_provider "azurerm" {}

run "registry_of_its_own" {
  command = plan

  variables {
    config_folder = "../tests/configs/public"
  }

  assert {
    condition     = azurerm_resource_group.main.name == "rg-example-shared" && azapi_resource.registry.name == "mlr-example"
    error_message = "The registry must stand in the resource group that the configuration names."
  }
}

run "isolated_environments_cannot_reach_it" {
  command = plan

  variables {
    config_folder = "../tests/configs/closed"
  }

  expect_failures = [azapi_resource.registry]
}
