# A Kubernetes cluster that environments share.

mock_provider "azurerm" {
  mock_data "azurerm_client_config" {
    defaults = { subscription_id = "00000000-0000-0000-0000-000000000000" }
  }
}

mock_provider "azapi" {}

run "one_extension_for_all_environments" {
  command = plan

  variables {
    config_folder = "../tests/config"
    environment   = "prod"
  }

  assert {
    condition     = length(azapi_resource.extension_on_aks) == 1 && length(azapi_resource.extension_on_arc) == 0
    error_message = "AKS takes an extension without an identity."
  }

  assert {
    condition     = toset(keys(azapi_resource.compute)) == toset(["dev", "staging", "prod"])
    error_message = "Each environment that names the cluster must have it as a compute."
  }

  assert {
    condition     = azapi_resource.extension_on_aks[0].body.properties.configurationSettings.internalLoadBalancerProvider == "azure"
    error_message = "Where one environment is closed, the cluster must not be reached from the internet."
  }

  assert {
    condition     = azapi_resource.compute["dev"].body.properties.properties.instanceTypes.small.resources.limits.memory == "4Gi"
    error_message = "Instance types must be those of the configuration."
  }
}
