# What each module promises, whatever the environment: no key, no anonymous call, and no public endpoint where it is closed.

mock_provider "azurerm" {
  mock_data "azurerm_client_config" {
    defaults = {
      tenant_id = "00000000-0000-0000-0000-000000000000"
    }
  }
}

variables {
  placement = {
    resource_group_name = "rg-example"
    location            = "westeurope"
    tags                = {}
  }

  name             = "example"
  closed           = true
  log_analytics_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example/providers/Microsoft.OperationalInsights/workspaces/log-example"
}

run "storage" {
  command = plan

  module {
    source = "./modules/storage"
  }

  variables {
    replication  = "LRS"
    hierarchical = true
    containers   = ["raw"]
  }

  assert {
    condition     = !azurerm_storage_account.main.shared_access_key_enabled && !azurerm_storage_account.main.local_user_enabled && azurerm_storage_account.main.min_tls_version == "TLS1_2" && !azurerm_storage_account.main.cross_tenant_replication_enabled && azurerm_storage_account.main.default_to_oauth_authentication
    error_message = "A storage account must refuse keys, local users, old TLS and copies into other tenants."
  }

  assert {
    condition     = !azurerm_storage_account.main.allow_nested_items_to_be_public && azurerm_storage_container.main["raw"].container_access_type == "private"
    error_message = "A storage account must refuse anonymous reads."
  }

  assert {
    condition     = azurerm_storage_account.main.network_rules[0].default_action == "Deny" && !azurerm_storage_account.main.public_network_access_enabled
    error_message = "A closed storage account must be reached through private endpoints only."
  }

  assert {
    condition     = azurerm_storage_account.main.blob_properties[0].delete_retention_policy[0].days == 14 && azurerm_storage_account.main.blob_properties[0].container_delete_retention_policy[0].days == 14
    error_message = "What was deleted by mistake must come back."
  }

  assert {
    condition     = azurerm_storage_account.main.is_hns_enabled
    error_message = "A data lake must have real folders."
  }

  assert {
    condition     = [for log in azurerm_monitor_diagnostic_setting.main.enabled_log : log.category] == ["StorageDelete", "StorageWrite"]
    error_message = "Who changes or deletes data must be logged."
  }
}

run "key_vault" {
  command = plan

  module {
    source = "./modules/key_vault"
  }

  assert {
    condition     = azurerm_key_vault.main.rbac_authorization_enabled && azurerm_key_vault.main.purge_protection_enabled
    error_message = "The key vault must use roles, and must not be purged."
  }

  assert {
    condition     = azurerm_key_vault.main.network_acls[0].default_action == "Deny" && !azurerm_key_vault.main.public_network_access_enabled
    error_message = "A closed key vault must be reached through private endpoints only."
  }

  assert {
    condition     = [for log in azurerm_monitor_diagnostic_setting.main.enabled_log : log.category] == ["AuditEvent"]
    error_message = "Uses of secrets must be logged."
  }
}

run "container_registry" {
  command = plan

  module {
    source = "./modules/container_registry"
  }

  variables {
    sku = "Premium"
  }

  assert {
    condition     = !azurerm_container_registry.main.admin_enabled && !azurerm_container_registry.main.anonymous_pull_enabled
    error_message = "The container registry must refuse its admin user and anonymous pulls."
  }

  assert {
    condition     = [for log in azurerm_monitor_diagnostic_setting.main.enabled_log : log.category] == ["ContainerRegistryLoginEvents", "ContainerRegistryRepositoryEvents"]
    error_message = "Uses of images must be logged."
  }

  assert {
    condition     = !azurerm_container_registry.main.public_network_access_enabled && azurerm_container_registry.main.network_rule_bypass_option == "AzureServices"
    error_message = "A closed container registry must be reached through private endpoints only."
  }
}

run "monitoring" {
  command = plan

  module {
    source = "./modules/monitoring"
  }

  variables {
    log_analytics_name        = "log-example"
    application_insights_name = "appi-example"
    retention_days            = 30
  }

  assert {
    condition     = !azurerm_application_insights.main.local_authentication_enabled && !azurerm_log_analytics_workspace.main.local_authentication_enabled
    error_message = "Application Insights and Log Analytics must refuse keys."
  }
}

run "workspace" {
  command = plan

  module {
    source = "./modules/workspace"
  }

  variables {
    storage_account_id      = "/subscriptions/0/storage"
    key_vault_id            = "/subscriptions/0/vault"
    container_registry_id   = "/subscriptions/0/registry"
    application_insights_id = "/subscriptions/0/insights"
    identity_id             = "/subscriptions/0/jobs"
    image_build_compute     = "cpu-cluster"
    isolation_mode          = "AllowInternetOutbound"
    datastores              = { raw = "/subscriptions/0/raw" }
  }

  assert {
    condition     = azurerm_machine_learning_workspace.main.storage_account_access_type == "Identity"
    error_message = "The workspace must use its storage account by identity."
  }

  assert {
    condition     = azurerm_machine_learning_workspace.main.managed_network[0].provision_on_creation_enabled
    error_message = "A closed workspace must build its network at once, not when the first job waits."
  }

  assert {
    condition     = azurerm_machine_learning_datastore_datalake_gen2.main["raw"].service_data_identity == "None" && azurerm_machine_learning_datastore_datalake_gen2.main["raw"].client_secret == null
    error_message = "A datastore must keep no credential."
  }

  assert {
    condition     = toset([for log in azurerm_monitor_diagnostic_setting.main.enabled_log : log.category]) == toset(["AmlComputeClusterEvent", "AmlComputeJobEvent", "AmlDeploymentEvent", "AmlModelsEvent", "AmlRunStatusChangedEvent"])
    error_message = "The workspace's events must be logged."
  }

  assert {
    condition     = azurerm_machine_learning_workspace.main.identity[0].type == "SystemAssigned, UserAssigned" && azurerm_machine_learning_workspace.main.identity[0].identity_ids == toset(["/subscriptions/0/jobs"]) && azurerm_machine_learning_workspace.main.primary_user_assigned_identity == null
    error_message = "Monitors need an identity of the workspace besides its own, which must stay the first."
  }
}

run "compute_cluster" {
  command = plan

  module {
    source = "./modules/compute_cluster"
  }

  variables {
    workspace_id = "/subscriptions/0/workspace"
    identity_id  = "/subscriptions/0/jobs"

    size = {
      name         = "cpu-cluster"
      vm_size      = "Standard_D4ds_v5"
      max_nodes    = 4
      idle_minutes = 10
    }
  }

  assert {
    condition     = !azurerm_machine_learning_compute_cluster.main.local_auth_enabled && !azurerm_machine_learning_compute_cluster.main.ssh_public_access_enabled && !azurerm_machine_learning_compute_cluster.main.node_public_ip_enabled
    error_message = "Nobody must sign in to the machines of the cluster, nor reach them where it is closed."
  }

  assert {
    condition     = azurerm_machine_learning_compute_cluster.main.scale_settings[0].min_node_count == 0 && azurerm_machine_learning_compute_cluster.main.scale_settings[0].max_node_count == 4 && azurerm_machine_learning_compute_cluster.main.scale_settings[0].scale_down_nodes_after_idle_duration == "PT10M"
    error_message = "A cluster without jobs must cost nothing."
  }

  assert {
    condition     = azurerm_machine_learning_compute_cluster.main.vm_priority == "Dedicated"
    error_message = "Azure retired low-priority machines."
  }

  assert {
    condition     = azurerm_machine_learning_compute_cluster.main.identity[0].identity_ids == toset(["/subscriptions/0/jobs"])
    error_message = "Jobs must act as their identity."
  }
}

run "identities" {
  command = plan

  module {
    source = "./modules/identities"
  }

  variables {
    environment = "dev"
    names       = { ci = "id-ci" }

    trust = {
      issuer  = "https://token.actions.githubusercontent.com"
      subject = "repo:example@1/project@2:environment:dev"
    }
  }

  assert {
    condition     = azurerm_federated_identity_credential.ci[0].audience == tolist(["api://AzureADTokenExchange"]) && azurerm_federated_identity_credential.ci[0].issuer == "https://token.actions.githubusercontent.com"
    error_message = "Only tokens made for Azure, by the CI, must be accepted."
  }
}

run "alerts" {
  command = plan

  module {
    source = "./modules/alerts"
  }

  variables {
    environment       = "dev"
    email             = "mlops@example.com"
    quota_percent     = 75
    names             = { action_group = "ag-example", action_group_mail = "ag-mail-example", workspace = "mlw-example" }
    logic_app         = { id = "/subscriptions/0/logic-app" }
    callback_url      = "https://logic.example/event"
    workspace_id      = "/subscriptions/0/workspace"
    resource_group_id = "/subscriptions/0/resourceGroups/rg-example"
    monthly_budget    = 200
  }

  assert {
    condition     = alltrue([for alert in azurerm_monitor_metric_alert.main : alert.scopes == toset(["/subscriptions/0/workspace"]) && one(alert.criteria).metric_namespace == "Microsoft.MachineLearningServices/workspaces" && one(alert.criteria).operator == "GreaterThan"])
    error_message = "Alerts must watch the workspace."
  }

  assert {
    condition     = { for name, alert in azurerm_monitor_metric_alert.main : name => one(alert.criteria).aggregation } == { failed-job = "Total", failed-deployment = "Total", unusable-node = "Maximum", quota = "Average" }
    error_message = "Failures must be counted, and states measured."
  }

  assert {
    condition     = one(azurerm_monitor_metric_alert.main["quota"].criteria).dimension[0].name == "VmFamilyName" && one(azurerm_monitor_metric_alert.main["unusable-node"].criteria).dimension[0].name == "ClusterName"
    error_message = "Families of machines and clusters must be watched one by one."
  }

  assert {
    condition     = toset([for notification in azurerm_consumption_budget_resource_group.main[0].notification : "${notification.threshold_type} ${notification.threshold}"]) == toset(["Actual 80", "Forecasted 100"])
    error_message = "A budget must tell before it is spent."
  }

  assert {
    condition     = endswith(azurerm_consumption_budget_resource_group.main[0].time_period[0].start_date, "-01T00:00:00Z")
    error_message = "A budget must start on the first of a month."
  }
}
