# An environment in the three network modes. Plans with stand-ins for Azure: `terraform test` needs the providers, and no account.

mock_provider "azurerm" {
  mock_data "azurerm_client_config" {
    defaults = {
      tenant_id       = "00000000-0000-0000-0000-000000000000"
      subscription_id = "00000000-0000-0000-0000-000000000000"
    }
  }
}

mock_provider "azapi" {}

variables {
  config_folder = "tests/config"
}

run "public" {
  command = plan

  variables {
    environment = "dev"
  }

  assert {
    condition     = length(azurerm_private_endpoint.main) == 0 && length(azapi_resource.outbound_rule) == 0
    error_message = "A public environment must have neither private endpoints nor outbound rules."
  }

  assert {
    condition     = toset(keys(azurerm_machine_learning_datastore_datalake_gen2.main)) == toset(["raw", "curated", "ground_truth", "inference"]) && azapi_resource.datastore["predictions"].body.properties.datastoreType == "AzureBlob"
    error_message = "Each container of the data lake must be a datastore, without hyphens in its name, and of Blob storage where batch endpoints write."
  }

  assert {
    condition     = toset(keys(azurerm_machine_learning_compute_cluster.main)) == toset(["cpu-cluster", "gpu-cluster"]) && length(azapi_resource.workstation) == 1
    error_message = "Clusters and workstations must be those of the configuration."
  }

  assert {
    condition     = azurerm_federated_identity_credential.ci[0].subject == "repo:example@1/project@2:environment:dev" && azurerm_federated_identity_credential.plan[0].subject == "repo:example@1/project@2:environment:dev-plan"
    error_message = "Each identity must trust its own subject."
  }

  assert {
    condition     = toset(azurerm_consumption_budget_resource_group.main[0].notification[*].contact_emails) == toset([tolist(["mlops@example.com"])])
    error_message = "The budget must mail to the owner."
  }

  assert {
    condition     = azurerm_log_analytics_workspace.main[0].daily_quota_gb == 5 && azurerm_application_insights.main.local_authentication_enabled
    error_message = "Logs must have the configuration's limit, and scoring servers must be able to send telemetry."
  }
}

run "managed_with_resources_of_the_team" {
  command = plan

  variables {
    environment = "staging"
  }

  assert {
    condition     = length(azurerm_log_analytics_workspace.main) + length(azurerm_key_vault.main) + length(azurerm_container_registry.main) == 0
    error_message = "A resource that the configuration names must not be built."
  }

  assert {
    condition     = toset(keys(azurerm_private_endpoint.main)) == toset(["workspace", "blob", "file", "lake-blob", "lake-dfs"])
    error_message = "Private endpoints must lead to the resources that this stack builds, and to no others."
  }

  assert {
    condition     = toset(keys(azapi_resource.outbound_rule)) == toset(["storage-blob", "storage-file", "storage-queue", "storage-table", "lake-blob", "lake-dfs", "production-blob", "production-dfs"])
    error_message = "Computes must reach the environment's storage, and production data where the configuration allows it."
  }

  assert {
    condition     = { for name, store in azapi_resource.datastore : name => store.body.properties.datastoreType } == { house = "OneLake", predictions = "AzureBlob", results = "AzureDataLakeGen2", sales = "AzureBlob" }
    error_message = "Sources and targets must be datastores of their kind."
  }

  assert {
    condition     = azurerm_machine_learning_datastore_datalake_gen2.main["production"].storage_container_id == "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example-prod/providers/Microsoft.Storage/storageAccounts/dlsexampleprod/blobServices/default/containers/curated"
    error_message = "The datastore `production` must lead to prod's data lake."
  }
}

run "isolated_with_a_network_that_is_built" {
  command = plan

  variables {
    environment = "prod"
  }

  assert {
    condition     = toset([for endpoint in azurerm_private_endpoint.main : endpoint.subnet_id]) == toset(["/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-network-example/providers/Microsoft.Network/virtualNetworks/vnet-example/subnets/endpoints"])
    error_message = "Private endpoints must stand in the network of infra/network/."
  }

  assert {
    condition     = azapi_resource.outbound_rule["ml-registry"].body.properties.destination.subresourceTarget == "amlregistry" && length(azapi_resource.approved_host) == 1
    error_message = "Isolated computes must reach the registry and the approved hosts."
  }

  assert {
    condition     = azurerm_machine_learning_workspace.main.managed_network[0].isolation_mode == "AllowOnlyApprovedOutbound" && azurerm_machine_learning_workspace.main.timeouts.create == "90m"
    error_message = "The workspace must get its network, and the time that this takes."
  }

  assert {
    condition     = !contains(keys(azurerm_machine_learning_datastore_datalake_gen2.main), "production") && length(azurerm_consumption_budget_resource_group.main) == 0
    error_message = "prod must have neither a datastore of itself nor a budget that the configuration does not name."
  }
}
