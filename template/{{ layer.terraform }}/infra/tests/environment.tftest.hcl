# What an environment is made of. Plans, with stand-ins for Azure: `terraform test` needs the providers, but no account.

mock_provider "azurerm" {
  source = "./tests/mocks/azurerm"
}

mock_provider "azapi" {
  source = "./tests/mocks/azapi"
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
