# Roles as tables/roles.yml says, planned with stand-ins for Azure.

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

run "dev" {
  command = plan

  variables {
    environment = "dev"
  }

  assert {
    condition     = contains(keys(azurerm_role_assignment.main), "ci: AzureML Registry User on ml_registry") && contains(keys(azurerm_role_assignment.main), "data_scientists: AzureML Data Scientist on workspace")
    error_message = "dev promotes, and is where people try things out."
  }

  assert {
    condition     = !anytrue([for name, row in azurerm_role_assignment.main : startswith(name, "ml_engineers") || startswith(name, "annotators")])
    error_message = "A group without an ID must get no role."
  }

  assert {
    condition     = azurerm_role_assignment.main["data_scientists: Reader on ml_registry"].principal_type == "Group" && azurerm_role_assignment.main["jobs: AcrPull on container_registry"].principal_type == "ServicePrincipal"
    error_message = "Azure must be told the type of a principal: it does not know that of a new identity."
  }
}

run "staging" {
  command = plan

  variables {
    environment = "staging"
  }

  assert {
    condition     = !contains(keys(azurerm_role_assignment.main), "jobs: AcrPull on container_registry") && contains(keys(output.roles_to_assign), "jobs: AcrPull on container_registry, because: jobs start from images there")
    error_message = "A role on a resource that the configuration names must be left to its owner."
  }

  assert {
    condition     = contains(keys(output.roles_to_assign), "jobs: Storage Blob Data Reader on data.sources.sales, because: reads data") && contains(keys(output.roles_to_assign), "jobs: Storage Blob Data Contributor on data.targets.results, because: writes data")
    error_message = "The owners of sources and targets must be told of the roles that jobs need."
  }

  assert {
    condition     = contains(keys(azurerm_role_assignment.main), "jobs: Storage Blob Data Reader on production_lake")
    error_message = "Jobs must read production data in the environments that the configuration names."
  }
}

run "prod" {
  command = plan

  variables {
    environment = "prod"
  }

  assert {
    condition     = !contains(keys(azurerm_role_assignment.main), "ci: AzureML Registry User on ml_registry") && contains(keys(azurerm_role_assignment.main), "data_scientists: Reader on workspace")
    error_message = "prod must not write the registry, and people must only look."
  }

  assert {
    condition     = azurerm_role_assignment.main["ci: Storage Blob Data Contributor on state/endpoints"].scope == "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-state-prod/providers/Microsoft.Storage/storageAccounts/ststateprod/blobServices/default/containers/tfstate-endpoints"
    error_message = "The identity that deploys must write the state of endpoints alone."
  }
}

run "building_identity_gives_itself_nothing" {
  command = plan

  variables {
    environment = "dev"
  }

  assert {
    condition     = strcontains(local.given_by, "[Microsoft.Authorization/roleAssignments:PrincipalId] ForAllOfAllValues:GuidNotEquals {%[4]s}")
    error_message = "The identity that builds must not assign roles to itself."
  }

  assert {
    condition     = strcontains(local.given_roles, local.grants.roles["AcrPull"]) && !anytrue([for name in local.grants.given_by_people_only : strcontains(local.given_roles, local.grants.roles[name])])
    error_message = "It must give the roles of the table, but those that people alone give."
  }
}

run "ci_leaves_out_what_people_give" {
  command = plan

  variables {
    environment = "staging"
    left_to_people = {
      roles          = ["workspace: Azure AI Enterprise Network Connection Approver on production_lake"]
      outbound_rules = ["production-blob", "production-dfs"]
    }
  }

  assert {
    condition     = !contains(keys(azurerm_role_assignment.main), "workspace: Azure AI Enterprise Network Connection Approver on production_lake") && contains(keys(azurerm_role_assignment.main), "workspace: Azure AI Enterprise Network Connection Approver on data_lake")
    error_message = "A role that is left to people must not be in the plan, and others must be."
  }

  assert {
    condition     = !contains(keys(azapi_resource.outbound_rule), "production-dfs") && contains(keys(azapi_resource.outbound_rule), "lake-dfs")
    error_message = "A connection that needs this role must wait for it."
  }

  assert {
    condition     = anytrue([for name, command in output.roles_to_assign : startswith(name, "workspace: Azure AI Enterprise Network Connection Approver on production_lake")])
    error_message = "The role must be listed with its command."
  }
}
