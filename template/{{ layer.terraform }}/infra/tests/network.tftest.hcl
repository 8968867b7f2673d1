# What is reached from where, in each network mode.

mock_provider "azurerm" {
  source = "./tests/mocks/azurerm"
}

mock_provider "azapi" {
  source = "./tests/mocks/azapi"
}

run "public_network" {
  command = plan

  variables {
    environment   = "prod"
    config_folder = "tests/configs/public"
  }

  assert {
    condition     = module.workspace.public_network_access_enabled && module.workspace.isolation_mode == "Disabled" && module.workspace.image_build_compute == null
    error_message = "Mode public must leave the endpoint open and computes without a managed network."
  }

  assert {
    condition     = length(module.private_endpoints.zone_ids) == 0 && length(module.outbound_rules.private_endpoints) == 0
    error_message = "Mode public must make no private endpoint."
  }
}

run "managed_network" {
  command = plan

  variables {
    environment   = "staging"
    config_folder = "tests/configs/closed"
  }

  assert {
    condition     = module.workspace.isolation_mode == "AllowInternetOutbound"
    error_message = "Mode managed must build a managed network that reaches the internet."
  }

  assert {
    condition     = !anytrue([module.workspace.public_network_access_enabled, module.storage.public_network_access_enabled, module.data_lake.public_network_access_enabled, module.key_vault.public_network_access_enabled, module.container_registry.public_network_access_enabled])
    error_message = "Mode managed must close the public endpoints of workspace, storage account, data lake, key vault and container registry."
  }

  assert {
    condition     = module.workspace.image_build_compute == module.cpu_cluster.name
    error_message = "A closed container registry builds no images: the cluster must."
  }

  assert {
    condition     = toset(keys(module.private_endpoints.zone_ids)) == toset(["workspace", "blob", "file", "lake-blob", "lake-dfs", "registry", "vault"])
    error_message = "What is closed must be reached through private endpoints."
  }

  assert {
    condition     = toset(module.outbound_rules.private_endpoints) == toset(["storage-queue", "storage-table", "lake-blob", "lake-dfs"])
    error_message = "Computes must reach queues, tables and the data lake through private endpoints."
  }

  assert {
    condition     = length(module.private_endpoints.zone_ids["blob"]) == 0
    error_message = "Without zones in the configuration, registering the endpoints is left to a policy."
  }

  assert {
    condition     = length(module.outbound_rules.approved_hosts) == 0
    error_message = "Mode managed must not pay for a firewall."
  }
}

run "isolated_network" {
  command = plan

  variables {
    environment   = "prod"
    config_folder = "tests/configs/closed"
  }

  assert {
    condition     = module.workspace.isolation_mode == "AllowOnlyApprovedOutbound"
    error_message = "Mode isolated must let computes reach approved addresses only."
  }

  assert {
    condition     = module.outbound_rules.approved_hosts == ["packages.example.com"]
    error_message = "Mode isolated must approve the hosts of the configuration, and no others."
  }

  assert {
    condition     = [for id in module.private_endpoints.zone_ids["workspace"] : basename(id)] == ["privatelink.api.azureml.ms", "privatelink.notebooks.azure.net"]
    error_message = "Each endpoint must be registered in the zones of its own service."
  }
}
