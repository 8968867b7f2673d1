# The registry that all environments share.

mock_provider "azurerm" {
  mock_data "azurerm_client_config" {
    defaults = { subscription_id = "00000000-0000-0000-0000-000000000000" }
  }
}

mock_provider "azapi" {}

variables {
  config_folder = "../tests/config"
}

run "open_while_an_environment_needs_it" {
  command = plan

  assert {
    condition     = azapi_resource.registry.body.properties.publicNetworkAccess == "Enabled"
    error_message = "Environments that are not isolated reach the registry through its public endpoint."
  }

  assert {
    condition     = { for name, endpoint in azurerm_private_endpoint.main : name => one(endpoint.private_service_connection[0].subresource_names) } == { ml-registry = "amlregistry", ml-registry-blob = "blob", ml-registry-images = "registry" }
    error_message = "Isolated environments must reach the registry, and the storage and images behind it."
  }
}
