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
    condition     = module.alerts.thresholds == { "Failed Runs" = 0, "Model Deploy Failed" = 0, "Unusable Nodes" = 0, "Quota Utilization Percentage" = 80, "RunsFailed" = 0 }
    error_message = "One failure must be enough for an alert, and a quota must be told before it is used up."
  }

  assert {
    condition     = module.alerts.monthly_budget == 200
    error_message = "The budget must be the configuration's."
  }
}

run "thresholds_are_the_configurations" {
  command = plan

  variables {
    environment   = "staging"
    config_folder = "tests/configs/closed"
  }

  assert {
    condition     = module.alerts.thresholds["Quota Utilization Percentage"] == 70
    error_message = "The configuration must say when a quota is told."
  }
}

run "every_container_is_a_datastore" {
  command = plan

  variables {
    environment   = "prod"
    config_folder = "tests/configs/public"
  }

  assert {
    condition     = toset(keys(module.data_lake.container_ids)) == toset(["raw", "curated", "ground-truth"]) && toset(module.workspace.datastores) == toset(["raw", "curated", "ground_truth"])
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

run "names_and_sizes_are_the_configurations" {
  command = apply

  variables {
    environment   = "staging"
    config_folder = "tests/configs/closed"
  }

  assert {
    condition     = [module.storage.name, module.data_lake.name, module.key_vault.name, module.container_registry.name] == ["stexamplestaging", "dlsexamplestaging", "kv-example-staging", "crexamplestaging"]
    error_message = "Everything must be called as the configuration says."
  }

  assert {
    condition     = module.storage.replication == "ZRS" && module.data_lake.replication == "ZRS" && module.container_registry.sku == "Premium" && module.monitoring.retention_days == 45
    error_message = "Everything must be as large as the configuration says."
  }

  assert {
    condition     = module.workspace.resources == { storage = module.storage.id, key_vault = module.key_vault.id, container_registry = module.container_registry.id, insights = module.monitoring.application_insights_id }
    error_message = "The workspace must keep its things in what was built for it."
  }
}

run "cluster_with_gpus" {
  command = apply

  variables {
    environment   = "prod"
    config_folder = "tests/configs/public"
  }

  assert {
    condition     = module.cpu_cluster.name == "cpu-cluster" && module.gpu_cluster[0].name == "gpu-cluster"
    error_message = "Clusters must be the configuration's."
  }

  assert {
    condition     = module.gpu_cluster[0].identity_ids == toset([module.identities.ids["jobs"]])
    error_message = "Jobs on GPUs must act as the identity of jobs."
  }
}

run "no_cluster_with_gpus_where_none_is_asked_for" {
  command = plan

  variables {
    environment   = "staging"
    config_folder = "tests/configs/public"
  }

  assert {
    condition     = length(module.gpu_cluster) == 0
    error_message = "Without gpu_cluster in the configuration, there must be none."
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
    condition     = module.identities.subjects == ["/eid1/c/pub/t/example/a/example/sc/example/connection"] && module.identities.issuers == ["https://login.microsoftonline.com/00000000-0000-0000-0000-000000000000/v2.0"]
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

run "resource_group_of_its_own" {
  command = plan

  variables {
    environment   = "prod"
    config_folder = "tests/configs/public"
  }

  assert {
    condition     = azurerm_resource_group.main[0].name == "rg-example-prod" && output.resource_group_name == "rg-example-prod"
    error_message = "Everything must go into the resource group of the configuration."
  }

  assert {
    condition     = local.placement.location == "westeurope" && local.placement.tags == { project = "example", environment = "prod" }
    error_message = "Everything must stand in the configuration's region, and carry its tags."
  }

  assert {
    condition     = output.workspace_name == "mlw-example-prod"
    error_message = "The workspace must be called as the configuration says."
  }
}

run "resource_group_that_exists" {
  command = plan

  variables {
    environment   = "dev"
    config_folder = "tests/configs/public"
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

run "what_others_are_told" {
  # Applied to stand-ins: only then resources have IDs that can be compared.
  command = apply

  variables {
    environment   = "prod"
    config_folder = "tests/configs/public"
  }

  assert {
    condition     = output.workspace_id == module.workspace.id && output.storage_account_id == module.storage.id && output.data_lake_id == module.data_lake.id
    error_message = "Role assignments of people must find the resources."
  }

  assert {
    condition     = output.ci_client_id == module.identities.client_ids["ci"]
    error_message = "The CI must sign in with an identity of its own."
  }
}
