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
      "jobs: Reader on ml_registry",
      "endpoint: Storage Blob Data Contributor on storage",
      "endpoint: AcrPull on container_registry",
      "endpoint: AzureML Metrics Writer on workspace",
      "endpoint: AcrPull on ml_registry_group",
      "endpoint: Storage Blob Data Reader on ml_registry_group",
      "ci: AzureML Data Scientist on workspace",
      "ci: Storage Blob Data Contributor on storage",
      "ci: Managed Identity Operator on identity_jobs",
      "ci: Managed Identity Operator on identity_endpoint",
      "ci: Azure AI Inference Deployment Operator on resource_group",
      "ci: Monitoring Contributor on resource_group",
      "ci: Reader on ml_registry",
      "events: Key Vault Secrets User on github_token",
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
    condition = { for name, assignment in azurerm_role_assignment.main : split(" on ", name)[1] => assignment.scope... } == {
      storage            = [for name in range(5) : module.storage.id]
      data_lake          = [module.data_lake.id]
      container_registry = [for name in range(2) : module.container_registry.id]
      workspace          = [for name in range(3) : module.workspace.id]
      identity_jobs      = [module.identities.ids["jobs"]]
      identity_endpoint  = [module.identities.ids["endpoint"]]
      resource_group     = [for name in range(2) : azurerm_resource_group.main[0].id]
      ml_registry        = [for name in range(2) : "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example-shared/providers/Microsoft.MachineLearningServices/registries/mlr-example"]
      ml_registry_group  = [for name in range(2) : "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/mlr-example-managed"]
      github_token       = ["${module.key_vault.id}/secrets/github-token"]
    }
    error_message = "A role must stand at the resource that its row names."
  }

  assert {
    condition     = alltrue([for name, assignment in azurerm_role_assignment.main : assignment.principal_id == merge(module.identities.principal_ids, { events = module.events[0].principal_id })[split(":", name)[0]]])
    error_message = "A role must be given to whom its row names."
  }

  assert {
    condition     = alltrue([for name, assignment in azurerm_role_assignment.main : assignment.role_definition_id == "/subscriptions/00000000-0000-0000-0000-000000000000/providers/Microsoft.Authorization/roleDefinitions/${local.roles[split(" on ", split(": ", name)[1])[0]]}"])
    error_message = "A role must be the one that its row names."
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

  assert {
    condition = toset([for name, assignment in azurerm_role_assignment.main : name if assignment.principal_id == "00000000-0000-0000-0000-0000000000d5" && assignment.principal_type == "Group"]) == toset([
      "data_scientists: AzureML Data Scientist on workspace",
      "data_scientists: Storage Blob Data Contributor on storage",
      "data_scientists: Storage File Data Privileged Contributor on storage",
      "data_scientists: Storage Blob Data Reader on data_lake",
      "data_scientists: Reader on ml_registry",
    ])
    error_message = "Data scientists must get the roles of their rows for dev."
  }

  assert {
    condition = toset([for name, assignment in azurerm_role_assignment.main : name if assignment.principal_id == "00000000-0000-0000-0000-0000000000e6" && assignment.principal_type == "Group"]) == toset([
      "ml_engineers: AzureML Data Scientist on workspace",
      "ml_engineers: AzureML Compute Operator on workspace",
      "ml_engineers: Storage Blob Data Contributor on storage",
      "ml_engineers: Storage Blob Data Contributor on data_lake",
      "ml_engineers: AzureML Registry User on ml_registry",
    ])
    error_message = "ML engineers must get the roles of their rows for dev."
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
      "workspace: Azure AI Enterprise Network Connection Approver on ml_registry",
    ])
    error_message = "In an isolated network, the workspace must be allowed to join what it reaches."
  }

  assert {
    condition     = length([for name in keys(azurerm_role_assignment.main) : name if startswith(name, "events:")]) == 0
    error_message = "Azure DevOps asks for no token, so that the Logic App must not read one."
  }
}

run "a_closed_network_that_is_not_isolated" {
  command = apply

  variables {
    environment   = "staging"
    config_folder = "tests/configs/closed"
  }

  assert {
    condition = { for name, assignment in azurerm_role_assignment.main : name => assignment.scope if startswith(name, "workspace:") } == {
      "workspace: Reader on blob_endpoint"                                      = module.private_endpoints.ids["blob"]
      "workspace: Reader on file_endpoint"                                      = module.private_endpoints.ids["file"]
      "workspace: Azure AI Enterprise Network Connection Approver on storage"   = module.storage.id
      "workspace: Azure AI Enterprise Network Connection Approver on data_lake" = module.data_lake.id
    }
    error_message = "In a closed network, the workspace must be allowed to join what it reaches, and to read its endpoints."
  }

  assert {
    condition     = alltrue([for name, assignment in azurerm_role_assignment.main : assignment.principal_id == module.workspace.principal_id if startswith(name, "workspace:")])
    error_message = "The workspace must join as itself."
  }

  assert {
    condition     = length([for name in keys(azurerm_role_assignment.main) : name if strcontains(name, "ml_registry_group")]) == 0
    error_message = "A group that is not known yet must get no role."
  }

  assert {
    condition     = !anytrue([for name in keys(azurerm_role_assignment.main) : strcontains(name, "ci: Contributor") || strcontains(name, "ci: Role Based Access Control Administrator")])
    error_message = "CI that does not build the infrastructure must not be able to."
  }
}

run "ci_that_builds_the_infrastructure" {
  command = apply

  variables {
    environment   = "dev"
    config_folder = "tests/configs/public"
  }

  assert {
    condition = toset([for name in keys(azurerm_role_assignment.main) : name if startswith(name, "ci:")]) == toset([
      "ci: AzureML Data Scientist on workspace",
      "ci: Storage Blob Data Contributor on storage",
      "ci: Managed Identity Operator on identity_jobs",
      "ci: Managed Identity Operator on identity_endpoint",
      "ci: Azure AI Inference Deployment Operator on resource_group",
      "ci: Monitoring Contributor on resource_group",
      "ci: Contributor on resource_group",
      "ci: Role Based Access Control Administrator on resource_group",
      "ci: AzureML Registry User on ml_registry",
      "ci: Reader on ml_registry",
      "ci: Reader on ml_registry_group",
      "ci: Reader on github_token",
    ])
    error_message = "CI must get the roles of its rows for dev."
  }

  assert {
    condition     = azurerm_role_assignment.main["ci: Contributor on resource_group"].scope == data.azurerm_resource_group.given[0].id && azurerm_role_assignment.main["ci: Role Based Access Control Administrator on resource_group"].scope == data.azurerm_resource_group.given[0].id
    error_message = "CI must build in its environment's resource group, and nowhere else."
  }

  # Not among them: Contributor (b24988ac), Role Based Access Control Administrator (f58310d9), and any role of no row.
  assert {
    condition = replace(azurerm_role_assignment.main["ci: Role Based Access Control Administrator on resource_group"].condition, join(", ", [
      "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
      "1823dd4f-9b8c-4ab6-ab4e-7397a3684615",
      "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
      "3afb7f49-54cb-416e-8c09-6dc049efa503",
      "4633458b-17de-408a-b874-0445c86b69e6",
      "635dd51f-9968-44d3-b7fb-6d9a6bd613ae",
      "69566ab7-960f-475b-8e7c-b3118f30c6bd",
      "73c42c96-874c-492b-b04d-ab87d138a893",
      "749f88d5-cbae-40b8-bcfc-e573ddc772fa",
      "7f951dda-4ed3-4680-a7ca-43fe172d538d",
      "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
      "acdd72a7-3385-48ef-bd42-f606fba81ae7",
      "b556d68e-0be0-4f35-a333-ad7ee1ce17ea",
      "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
      "e503ece1-11d0-4e8e-8e2c-7a6c3bf38815",
      "f1a07417-d97a-45cb-824c-7a7467783830",
      "f6c7c914-8db3-469d-8ca1-694a8f32e121",
      ]), "ROLES") == join(" AND ", [
      "(!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'}) OR (@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {ROLES} AND @Request[Microsoft.Authorization/roleAssignments:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {'ServicePrincipal', 'Group'}))",
      "(!(ActionMatches{'Microsoft.Authorization/roleAssignments/delete'}) OR (@Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {ROLES} AND @Resource[Microsoft.Authorization/roleAssignments:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {'ServicePrincipal', 'Group'}))",
    ])
    error_message = "CI must give and take away the other roles of roles.tf only, to machines and groups only."
  }

  assert {
    condition     = azurerm_role_assignment.main["ci: Role Based Access Control Administrator on resource_group"].condition_version == "2.0"
    error_message = "The condition must be of the version that its language is of."
  }

  assert {
    condition     = [for name, assignment in azurerm_role_assignment.main : name if assignment.condition != null] == ["ci: Role Based Access Control Administrator on resource_group"]
    error_message = "Roles that give no roles need no condition."
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
    condition     = length(output.roles_to_assign) == 21 && strcontains(output.roles_to_assign["jobs: AcrPull on container_registry, because: jobs start from images there"], "--assignee-principal-type ServicePrincipal --role 7f951dda-4ed3-4680-a7ca-43fe172d538d --scope ${module.container_registry.id}")
    error_message = "assign_roles: false must say which roles are to be assigned."
  }

  assert {
    condition     = !strcontains(join(" ", values(output.roles_to_assign)), "f58310d9-a9f6-439a-9e8d-f62e7b41a168")
    error_message = "CI that assigns no roles must not be given the right to."
  }
}

run "a_token_in_a_key_vault_of_yours" {
  command = plan

  variables {
    environment   = "prod"
    config_folder = "tests/configs/closed_github"
  }

  assert {
    condition     = azurerm_role_assignment.main["events: Key Vault Secrets User on github_token"].scope == "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-shared/providers/Microsoft.KeyVault/vaults/kv-token/secrets/github-token"
    error_message = "The Logic App must read one secret, in the key vault of the configuration."
  }
}

run "a_closed_network_without_a_token" {
  command = plan

  variables {
    environment   = "staging"
    config_folder = "tests/configs/closed_github"
  }

  assert {
    condition     = length([for name in keys(azurerm_role_assignment.main) : name if startswith(name, "events:")]) == 0
    error_message = "Without a key vault that the Logic App reaches, there must be no Logic App to give a role to."
  }
}
