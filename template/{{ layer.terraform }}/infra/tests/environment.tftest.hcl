# Plans only, with stand-ins for Azure: `terraform test` needs the provider, but no account.

mock_provider "azurerm" {
  mock_data "azurerm_client_config" {
    defaults = {
      tenant_id = "00000000-0000-0000-0000-000000000000"
    }
  }
}

run "no_resource_accepts_a_key" {
  command = plan

  variables {
    environment   = "prod"
    config_folder = "tests/configs/public"
  }

  assert {
    condition     = !azurerm_storage_account.main.shared_access_key_enabled && !azurerm_storage_account.main.local_user_enabled
    error_message = "The storage account must refuse keys and local users."
  }

  assert {
    condition     = !azurerm_storage_account.main.allow_nested_items_to_be_public
    error_message = "The storage account must refuse anonymous reads."
  }

  assert {
    condition     = azurerm_machine_learning_workspace.main.storage_account_access_type == "Identity"
    error_message = "The workspace must use its storage account by identity."
  }

  assert {
    condition     = !azurerm_container_registry.main.admin_enabled && !azurerm_container_registry.main.anonymous_pull_enabled
    error_message = "The container registry must refuse its admin user and anonymous pulls."
  }

  assert {
    condition     = azurerm_key_vault.main.rbac_authorization_enabled && azurerm_key_vault.main.purge_protection_enabled
    error_message = "The key vault must use roles, and must not be purged."
  }

  assert {
    condition     = !azurerm_application_insights.main.local_authentication_enabled && !azurerm_log_analytics_workspace.main.local_authentication_enabled
    error_message = "Application Insights and Log Analytics must refuse keys."
  }
}

run "failures_are_told_to_the_owner" {
  command = plan

  variables {
    environment   = "prod"
    config_folder = "tests/configs/public"
  }

  assert {
    condition     = [for receiver in azurerm_monitor_action_group.main.email_receiver : receiver.email_address] == ["mlops@example.com"]
    error_message = "Alerts must reach the mailbox of the configuration."
  }

  assert {
    condition     = alltrue([for alert in azurerm_monitor_metric_alert.main : one(alert.criteria).threshold == 0])
    error_message = "One failure must be enough for an alert."
  }
}

run "public_network" {
  command = plan

  variables {
    environment   = "prod"
    config_folder = "tests/configs/public"
  }

  assert {
    condition     = azurerm_machine_learning_workspace.main.public_network_access_enabled && azurerm_machine_learning_workspace.main.managed_network[0].isolation_mode == "Disabled"
    error_message = "Mode public must leave the endpoint open and computes without a managed network."
  }

  assert {
    condition     = length(azurerm_private_endpoint.main) == 0
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
    condition     = azurerm_machine_learning_workspace.main.managed_network[0].isolation_mode == "AllowInternetOutbound" && azurerm_machine_learning_workspace.main.managed_network[0].provision_on_creation_enabled
    error_message = "Mode managed must build a managed network that reaches the internet."
  }

  assert {
    condition     = !azurerm_machine_learning_workspace.main.public_network_access_enabled && !azurerm_storage_account.main.public_network_access_enabled && !azurerm_key_vault.main.public_network_access_enabled
    error_message = "Mode managed must close the public endpoints of workspace, storage account and key vault."
  }

  assert {
    condition     = toset(keys(azurerm_private_endpoint.main)) == toset(["workspace", "blob", "file", "vault"])
    error_message = "What is closed must be reached through private endpoints."
  }

  assert {
    condition     = length(azurerm_private_endpoint.main["blob"].private_dns_zone_group) == 0
    error_message = "Without zones in the configuration, registering the endpoints is left to a policy."
  }

  assert {
    condition     = length(azurerm_machine_learning_workspace_network_outbound_rule_fqdn.approved) == 0
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
    condition     = azurerm_machine_learning_workspace.main.managed_network[0].isolation_mode == "AllowOnlyApprovedOutbound"
    error_message = "Mode isolated must let computes reach approved addresses only."
  }

  assert {
    condition     = [for rule in azurerm_machine_learning_workspace_network_outbound_rule_fqdn.approved : rule.destination_fqdn] == ["packages.example.com"]
    error_message = "Mode isolated must approve the hosts of the configuration, and no others."
  }

  assert {
    condition     = [for id in azurerm_private_endpoint.main["workspace"].private_dns_zone_group[0].private_dns_zone_ids : basename(id)] == ["privatelink.api.azureml.ms", "privatelink.notebooks.azure.net"]
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
    condition     = azurerm_machine_learning_workspace.main.resource_group_name == "rg-example-dev"
    error_message = "Everything must go into the resource group of the configuration."
  }
}

run "closed_network_without_a_subnet" {
  command = plan

  variables {
    environment   = "dev"
    config_folder = "tests/configs/refused"
  }

  expect_failures = [azurerm_machine_learning_workspace.main]
}

run "unknown_network_mode" {
  command = plan

  variables {
    environment   = "staging"
    config_folder = "tests/configs/refused"
  }

  expect_failures = [azurerm_machine_learning_workspace.main]
}

run "file_of_another_environment" {
  command = plan

  variables {
    environment   = "prod"
    config_folder = "tests/configs/refused"
  }

  expect_failures = [azurerm_machine_learning_workspace.main]
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
