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
    condition     = length(module.private_endpoints.zone_ids) == 0 && length(module.outbound_rules.private_endpoints) == 0 && length(module.network) == 0
    error_message = "Mode public must make no private endpoint, and no network."
  }
}

run "managed_network_of_its_own" {
  command = apply

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
    condition = module.private_endpoints.targets == {
      workspace = module.workspace.id
      blob      = module.storage.id
      file      = module.storage.id
      lake-blob = module.data_lake.id
      lake-dfs  = module.data_lake.id
      registry  = module.container_registry.id
      vault     = module.key_vault.id
    }
    error_message = "What is closed must be reached through private endpoints; the registry that all share is not closed here."
  }

  assert {
    condition = module.private_endpoints.subresources == {
      workspace = "amlworkspace"
      blob      = "blob"
      file      = "file"
      lake-blob = "blob"
      lake-dfs  = "dfs"
      registry  = "registry"
      vault     = "vault"
    }
    error_message = "An endpoint must lead to the part of a resource that it is called after."
  }

  assert {
    condition = module.outbound_rules.private_endpoints == {
      storage-queue = "${module.storage.id} queue"
      storage-table = "${module.storage.id} table"
      lake-blob     = "${module.data_lake.id} blob"
      lake-dfs      = "${module.data_lake.id} dfs"
    }
    error_message = "Computes must reach queues, tables and the data lake through private endpoints."
  }

  assert {
    condition     = module.private_endpoints.subnet_ids == toset([module.network[0].subnet_id])
    error_message = "With an address space in the configuration, endpoints must stand in a network of its own."
  }

  assert {
    condition     = module.private_endpoints.zone_ids["workspace"] == [module.network[0].zone_ids["privatelink.api.azureml.ms"], module.network[0].zone_ids["privatelink.notebooks.azure.net"]]
    error_message = "Each endpoint must be registered in the zones of its own service."
  }

  assert {
    condition     = toset(keys(module.network[0].zone_ids)) == toset(["privatelink.api.azureml.ms", "privatelink.notebooks.azure.net", "privatelink.blob.core.windows.net", "privatelink.dfs.core.windows.net", "privatelink.file.core.windows.net", "privatelink.vaultcore.azure.net", "privatelink.azurecr.io"])
    error_message = "A network of its own must resolve the names of all that is closed."
  }

  assert {
    condition     = length(module.outbound_rules.approved_hosts) == 0
    error_message = "Mode managed must not pay for a firewall."
  }
}

run "managed_network_in_a_subnet_of_yours" {
  command = plan

  variables {
    environment   = "staging"
    config_folder = "tests/configs/closed_github"
  }

  assert {
    condition     = length(module.network) == 0 && module.private_endpoints.subnet_ids == toset(["/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-network/providers/Microsoft.Network/virtualNetworks/vnet-example/subnets/endpoints"])
    error_message = "Endpoints must stand in the subnet of the configuration."
  }

  assert {
    condition     = length(module.private_endpoints.zone_ids["blob"]) == 0
    error_message = "Without zones in the configuration, registering the endpoints is left to a policy."
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
    condition     = !anytrue([module.workspace.public_network_access_enabled, module.storage.public_network_access_enabled, module.data_lake.public_network_access_enabled, module.key_vault.public_network_access_enabled, module.container_registry.public_network_access_enabled])
    error_message = "Mode isolated must close the public endpoints."
  }

  assert {
    condition     = module.outbound_rules.approved_hosts == ["packages.example.com"]
    error_message = "Mode isolated must approve the hosts of the configuration, and no others."
  }

  assert {
    condition     = length(module.network) == 0 && [for id in module.private_endpoints.zone_ids["workspace"] : basename(id)] == ["privatelink.api.azureml.ms", "privatelink.notebooks.azure.net"]
    error_message = "Each endpoint must be registered in the configuration's zones of its own service."
  }

  assert {
    condition     = module.private_endpoints.targets["ml-registry"] == "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example-shared/providers/Microsoft.MachineLearningServices/registries/mlr-example" && module.private_endpoints.subresources["ml-registry"] == "amlregistry" && [for id in module.private_endpoints.zone_ids["ml-registry"] : basename(id)] == ["privatelink.api.azureml.ms"]
    error_message = "People and pipelines must reach the registry that all share through a private endpoint."
  }

  assert {
    condition     = module.outbound_rules.private_endpoints["ml-registry"] == "${module.private_endpoints.targets["ml-registry"]} amlregistry"
    error_message = "Isolated computes must reach the registry that all share."
  }
}
