# Plans only, with stand-ins for Azure: `terraform test` needs the provider, but no account.

mock_provider "azurerm" {
  mock_data "azurerm_client_config" {
    defaults = {
      tenant_id       = "00000000-0000-0000-0000-000000000000"
      subscription_id = "00000000-0000-0000-0000-000000000000"
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

  assert {
    condition     = module.alerts.monthly_budget == 200
    error_message = "The budget must be the configuration's."
  }
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
    condition     = module.data_lake.hierarchical && !module.storage.hierarchical
    error_message = "Only the data lake must have real folders: a workspace refuses such an account as its own."
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

run "roles_of_machines" {
  command = plan

  variables {
    environment   = "prod"
    config_folder = "tests/configs/public"
  }

  assert {
    condition = toset(keys(azurerm_role_assignment.main)) == toset([
      "jobs: Storage Blob Data Contributor on storage",
      "jobs: Storage Queue Data Contributor on storage",
      "jobs: Storage Table Data Contributor on storage",
      "jobs: Storage Blob Data Reader on data_lake",
      "jobs: AcrPull on container_registry",
      "jobs: AzureML Data Scientist on workspace",
      "endpoint: Storage Blob Data Contributor on storage",
      "endpoint: AcrPull on container_registry",
      "endpoint: AzureML Metrics Writer on workspace",
      "ci: AzureML Data Scientist on workspace",
      "ci: Storage Blob Data Contributor on storage",
      "ci: Managed Identity Operator on identity_jobs",
      "ci: Managed Identity Operator on identity_endpoint",
      "ci: Azure AI Inference Deployment Operator on resource_group",
      "ci: Monitoring Contributor on resource_group",
    ])
    error_message = "A role was added or dropped: it must be a row of roles.tf, and of this list."
  }

  assert {
    condition     = alltrue([for assignment in azurerm_role_assignment.main : assignment.principal_type == "ServicePrincipal"])
    error_message = "Without groups in the configuration, people must get no role."
  }

  assert {
    condition     = length(output.roles_to_assign) == 0
    error_message = "What Terraform assigns must not be asked of people."
  }
}

run "roles_stand_where_their_row_says" {
  # Applied to stand-ins: only then resources have IDs that can be compared.
  command = apply

  variables {
    environment   = "prod"
    config_folder = "tests/configs/public"
  }

  assert {
    condition = azurerm_role_assignment.main["jobs: Storage Blob Data Reader on data_lake"].scope == module.data_lake.id && azurerm_role_assignment.main["jobs: AcrPull on container_registry"].scope == module.container_registry.id && azurerm_role_assignment.main["endpoint: AzureML Metrics Writer on workspace"].scope == module.workspace.id && azurerm_role_assignment.main["ci: Storage Blob Data Contributor on storage"].scope == module.storage.id && azurerm_role_assignment.main["ci: Managed Identity Operator on identity_endpoint"].scope == module.identities.ids["endpoint"] && azurerm_role_assignment.main["ci: Monitoring Contributor on resource_group"].scope == azurerm_resource_group.main[0].id

    error_message = "A role must stand at the resource that its row names."
  }

  assert {
    condition     = alltrue([for name, assignment in azurerm_role_assignment.main : assignment.principal_id == module.identities.principal_ids[split(":", name)[0]]])
    error_message = "A role must be given to whom its row names."
  }

  assert {
    condition     = module.cpu_cluster.identity_ids == toset([module.identities.ids["jobs"]]) && module.workspace.identity_ids == toset([module.identities.ids["jobs"]])
    error_message = "Jobs must act as the identity of jobs."
  }
}

run "roles_of_people" {
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
    condition = toset([for name, assignment in azurerm_role_assignment.main : name if assignment.principal_id == "00000000-0000-0000-0000-0000000000d5" && assignment.principal_type == "Group"]) == toset([
      "data_scientists: AzureML Data Scientist on workspace",
      "data_scientists: Storage Blob Data Contributor on storage",
      "data_scientists: Storage File Data Privileged Contributor on storage",
      "data_scientists: Storage Blob Data Reader on data_lake",
    ])
    error_message = "A group must get the roles of its rows for this environment."
  }
}

run "people_only_look_at_prod" {
  command = plan

  variables {
    environment   = "prod"
    config_folder = "tests/configs/closed"
  }

  assert {
    condition = toset([for name, assignment in azurerm_role_assignment.main : name if assignment.principal_type == "Group"]) == toset([
      "data_scientists: Reader on workspace",
      "data_scientists: Log Analytics Reader on log_analytics",
      "ml_engineers: Reader on workspace",
      "ml_engineers: Log Analytics Reader on log_analytics",
    ])
    error_message = "In prod, people must only look."
  }

  assert {
    condition = toset([for name in keys(azurerm_role_assignment.main) : name if startswith(name, "workspace:")]) == toset([
      "workspace: Reader on blob_endpoint",
      "workspace: Reader on file_endpoint",
      "workspace: Azure AI Enterprise Network Connection Approver on storage",
      "workspace: Azure AI Enterprise Network Connection Approver on data_lake",
    ])
    error_message = "In a closed network, the workspace must be allowed to join what it reaches."
  }
}

run "roles_that_somebody_else_assigns" {
  command = apply

  variables {
    environment   = "staging"
    config_folder = "tests/configs/public"
  }

  assert {
    condition     = length(azurerm_role_assignment.main) == 0
    error_message = "assign_roles: false must assign no role."
  }

  assert {
    condition     = module.alerts.monthly_budget == null
    error_message = "monthly_budget: null must make no budget."
  }

  assert {
    condition     = length(output.roles_to_assign) == 15 && strcontains(output.roles_to_assign["jobs: AcrPull on container_registry, because: jobs start from images there"], "--role 7f951dda-4ed3-4680-a7ca-43fe172d538d --scope ${module.container_registry.id}")
    error_message = "assign_roles: false must say which roles are to be assigned."
  }
}

run "pipelines_of_github" {
  command = plan

  variables {
    environment   = "prod"
    config_folder = "tests/configs/public"
  }

  assert {
    condition     = module.identities.subjects == ["repo:example@1/project@2:environment:prod"] && module.identities.issuers == ["https://token.actions.githubusercontent.com"]
    error_message = "Only jobs of the environment prod may act as its identity."
  }
}

run "pipelines_of_azure_devops" {
  command = plan

  variables {
    environment   = "prod"
    config_folder = "tests/configs/closed"
  }

  assert {
    condition     = module.identities.subjects == ["/eid1/c/pub/t/example/a/example/sc/example/connection"]
    error_message = "Only the service connection of the configuration may act as the identity."
  }
}

run "pipelines_that_are_not_known_yet" {
  command = plan

  variables {
    environment   = "staging"
    config_folder = "tests/configs/closed"
  }

  assert {
    condition     = length(module.identities.subjects) == 0
    error_message = "Without a subject, nobody must be trusted."
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
