# Plans only, with stand-ins for Azure: `terraform test` needs the provider, but no account.

mock_provider "azurerm" {
  mock_data "azurerm_client_config" {
    defaults = {
      tenant_id = "00000000-0000-0000-0000-000000000000"
    }
  }
}

run "failures_are_told_to_the_owner" {
  command = plan

  variables {
    environment   = "prod"
    config_folder = "tests/configs/public"
  }

  assert {
    condition     = module.alerts.receivers == ["mlops@example.com"]
    error_message = "Alerts must reach the mailbox of the configuration."
  }

  assert {
    condition     = module.alerts.thresholds["Failed Runs"] == 0 && module.alerts.thresholds["Model Deploy Failed"] == 0 && module.alerts.thresholds["Unusable Nodes"] == 0 && module.alerts.thresholds["Quota Utilization Percentage"] == 80
    error_message = "One failure must be enough for an alert, and a quota must be told before it is used up."
  }
}

run "public_network" {
  command = plan

  variables {
    environment   = "prod"
    config_folder = "tests/configs/public"
  }

  assert {
    condition     = module.workspace.public_network_access_enabled && module.workspace.isolation_mode == "Disabled"
    error_message = "Mode public must leave the endpoint open and computes without a managed network."
  }

  assert {
    condition     = length(module.private_endpoints.zone_ids) == 0 && length(module.outbound_rules.private_endpoints) == 0
    error_message = "Mode public must make no private endpoint."
  }
}

run "every_container_is_a_datastore" {
  command = plan

  variables {
    environment   = "prod"
    config_folder = "tests/configs/public"
  }

  assert {
    condition     = toset(keys(module.data_lake.container_ids)) == toset(["raw", "ground-truth"]) && toset(module.workspace.datastores) == toset(["raw", "ground_truth"])
    error_message = "Each container of the data lake must be a datastore of the workspace."
  }

  assert {
    condition     = length(module.storage.container_ids) == 0
    error_message = "The workspace's own storage account must hold no container of ours."
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
    condition     = !anytrue([module.workspace.public_network_access_enabled, module.storage.public_network_access_enabled, module.data_lake.public_network_access_enabled, module.key_vault.public_network_access_enabled])
    error_message = "Mode managed must close the public endpoints of workspace, storage account, data lake and key vault."
  }

  assert {
    condition     = toset(keys(module.private_endpoints.zone_ids)) == toset(["workspace", "blob", "file", "lake-blob", "lake-dfs", "vault"])
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

run "resource_group_that_exists" {
  command = plan

  variables {
    environment   = "dev"
    config_folder = "tests/configs/public"
  }

  override_data {
    target = data.azurerm_resource_group.given
    values = {
      name = "rg-example-dev"
    }
  }

  assert {
    condition     = length(azurerm_resource_group.main) == 0
    error_message = "create_resource_group: false must use the group that is there."
  }

  assert {
    condition     = output.resource_group_name == "rg-example-dev"
    error_message = "Everything must go into the resource group of the configuration."
  }
}

run "closed_network_without_a_subnet" {
  command = plan

  variables {
    environment   = "dev"
    config_folder = "tests/configs/refused"
  }

  expect_failures = [data.azurerm_client_config.current]
}

run "unknown_network_mode" {
  command = plan

  variables {
    environment   = "staging"
    config_folder = "tests/configs/refused"
  }

  expect_failures = [data.azurerm_client_config.current]
}

run "file_of_another_environment" {
  command = plan

  variables {
    environment   = "prod"
    config_folder = "tests/configs/refused"
  }

  expect_failures = [data.azurerm_client_config.current]
}

run "zones_that_are_not_all" {
  command = plan

  variables {
    environment   = "prod"
    config_folder = "tests/configs/incomplete"
  }

  expect_failures = [data.azurerm_client_config.current]
}

run "hosts_approved_where_nothing_is_limited" {
  command = plan

  variables {
    environment   = "staging"
    config_folder = "tests/configs/incomplete"
  }

  expect_failures = [data.azurerm_client_config.current]
}

run "unknown_environment" {
  command = plan

  variables {
    environment   = "production"
    config_folder = "tests/configs/public"
  }

  expect_failures = [var.environment]
}

run "folder_without_configuration" {
  command = plan

  variables {
    environment   = "prod"
    config_folder = "tests"
  }

  expect_failures = [var.config_folder]
}
