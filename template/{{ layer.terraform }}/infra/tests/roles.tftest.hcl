# Who may do what: the rows of roles.tf, written down a second time.

mock_provider "azurerm" {
  source = "./tests/mocks/azurerm"
}

mock_provider "azapi" {
  source = "./tests/mocks/azapi"
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
