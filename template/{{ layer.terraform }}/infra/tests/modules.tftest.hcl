# What each module promises, whatever the environment: no key, no anonymous call, and no public endpoint where it is closed.

mock_provider "azurerm" {
  source = "./tests/mocks/azurerm"
}

variables {
  placement = {
    resource_group_name = "rg-example"
    location            = "westeurope"
    tags                = { project = "example" }
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
    condition     = azurerm_storage_account.main.is_hns_enabled && !azurerm_storage_account.main.blob_properties[0].versioning_enabled && length(azurerm_storage_management_policy.main) == 0
    error_message = "A data lake must have real folders, which know no versions."
  }

  assert {
    condition     = [for log in azurerm_monitor_diagnostic_setting.main.enabled_log : log.category] == ["StorageDelete", "StorageWrite"]
    error_message = "Who changes or deletes data must be logged."
  }

  assert {
    condition     = azurerm_storage_account.main.tags == tomap({ project = "example" })
    error_message = "What costs money must say for which project."
  }
}

run "storage_of_the_workspace" {
  command = apply

  module {
    source = "./modules/storage"
  }

  variables {
    replication = "LRS"
    closed      = false
  }

  assert {
    condition     = azurerm_storage_account.main.blob_properties[0].versioning_enabled && !azurerm_storage_account.main.is_hns_enabled
    error_message = "What was overwritten by mistake must come back."
  }

  assert {
    condition     = azurerm_storage_management_policy.main[0].storage_account_id == azurerm_storage_account.main.id && [for rule in azurerm_storage_management_policy.main[0].rule : [rule.name, rule.enabled, rule.actions[0].version[0].delete_after_days_since_creation, rule.filters[0].blob_types]] == [["delete-previous-versions", true, 30, toset(["appendBlob", "blockBlob"])]]
    error_message = "Previous versions must not be paid for longer than a month."
  }

  assert {
    condition     = length(azurerm_storage_management_policy.main[0].rule[0].actions[0].base_blob) == 0
    error_message = "What is current must never be deleted by age."
  }

  assert {
    condition     = azurerm_storage_account.main.public_network_access_enabled && azurerm_storage_account.main.network_rules[0].default_action == "Allow" && !azurerm_storage_account.main.shared_access_key_enabled
    error_message = "A storage account that is not closed must be reached, by identity."
  }

  assert {
    condition     = azurerm_monitor_diagnostic_setting.main.target_resource_id == "${azurerm_storage_account.main.id}/blobServices/default"
    error_message = "The log must be that of blobs."
  }
}

run "key_vault" {
  command = apply

  module {
    source = "./modules/key_vault"
  }

  assert {
    condition     = azurerm_key_vault.main.rbac_authorization_enabled && azurerm_key_vault.main.purge_protection_enabled
    error_message = "The key vault must use roles, and must not be purged."
  }

  assert {
    condition     = azurerm_key_vault.main.tenant_id == "00000000-0000-0000-0000-000000000000" && azurerm_key_vault.main.soft_delete_retention_days == 90
    error_message = "What is deleted from the key vault must come back, for the tenant that it belongs to."
  }

  assert {
    condition     = azurerm_key_vault.main.network_acls[0].default_action == "Deny" && !azurerm_key_vault.main.public_network_access_enabled
    error_message = "A closed key vault must be reached through private endpoints only."
  }

  assert {
    condition     = [for log in azurerm_monitor_diagnostic_setting.main.enabled_log : log.category] == ["AuditEvent"]
    error_message = "Uses of secrets must be logged."
  }

  assert {
    condition     = azurerm_monitor_diagnostic_setting.main.target_resource_id == azurerm_key_vault.main.id && azurerm_monitor_diagnostic_setting.main.log_analytics_workspace_id == var.log_analytics_id
    error_message = "The log must be its own, and go to Log Analytics."
  }

  assert {
    condition     = azurerm_key_vault.main.tags == tomap({ project = "example" })
    error_message = "What costs money must say for which project."
  }
}

run "container_registry" {
  command = apply

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

  assert {
    condition     = azurerm_monitor_diagnostic_setting.main.target_resource_id == azurerm_container_registry.main.id && azurerm_monitor_diagnostic_setting.main.log_analytics_workspace_id == var.log_analytics_id
    error_message = "The log must be its own, and go to Log Analytics."
  }

  assert {
    condition     = azurerm_container_registry.main.tags == tomap({ project = "example" })
    error_message = "What costs money must say for which project."
  }
}

run "monitoring" {
  command = apply

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

  assert {
    condition     = azurerm_application_insights.main.workspace_id == azurerm_log_analytics_workspace.main.id
    error_message = "Measurements must be kept with the logs."
  }
}

run "workspace" {
  command = apply

  module {
    source = "./modules/workspace"
  }

  variables {
    storage_account_id      = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example/providers/Microsoft.Storage/storageAccounts/stexample"
    key_vault_id            = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example/providers/Microsoft.KeyVault/vaults/kv-example"
    container_registry_id   = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example/providers/Microsoft.ContainerRegistry/registries/crexample"
    application_insights_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example/providers/Microsoft.Insights/components/appi-example"
    identity_id             = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-jobs-example"
    image_build_compute     = "cpu-cluster"
    isolation_mode          = "AllowInternetOutbound"
    datastores              = { raw = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example/providers/Microsoft.Storage/storageAccounts/dlsexample/blobServices/default/containers/raw" }
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
    condition     = toset([for log in azurerm_monitor_diagnostic_setting.main.enabled_log : log.category]) == toset(["AmlComputeClusterEvent", "AmlComputeJobEvent", "AmlRunStatusChangedEvent", "ModelsActionEvent", "ModelsChangeEvent"])
    error_message = "The workspace's events must be logged."
  }

  assert {
    condition     = azurerm_machine_learning_workspace.main.identity[0].type == "SystemAssigned, UserAssigned" && azurerm_machine_learning_workspace.main.identity[0].identity_ids == toset(["/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-jobs-example"]) && azurerm_machine_learning_workspace.main.primary_user_assigned_identity == null
    error_message = "Monitors need an identity of the workspace besides its own, which must stay the first."
  }

  assert {
    condition     = azurerm_monitor_diagnostic_setting.main.target_resource_id == azurerm_machine_learning_workspace.main.id && azurerm_monitor_diagnostic_setting.main.log_analytics_workspace_id == var.log_analytics_id
    error_message = "The log must be its own, and go to Log Analytics."
  }

  assert {
    condition     = azurerm_machine_learning_workspace.main.tags == tomap({ project = "example" })
    error_message = "What costs money must say for which project."
  }
}

run "compute_cluster" {
  command = plan

  module {
    source = "./modules/compute_cluster"
  }

  variables {
    workspace_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example/providers/Microsoft.MachineLearningServices/workspaces/mlw-example"
    identity_id  = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-jobs-example"

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
    condition     = azurerm_machine_learning_compute_cluster.main.identity[0].identity_ids == toset(["/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-jobs-example"])
    error_message = "Jobs must act as their identity."
  }

  assert {
    condition     = azurerm_machine_learning_compute_cluster.main.tags == tomap({ project = "example" })
    error_message = "What costs money must say for which project."
  }
}

run "identities" {
  command = apply

  module {
    source = "./modules/identities"
  }

  override_resource {
    target = azurerm_user_assigned_identity.main["ci"]
    values = {
      id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-ci"
    }
  }

  variables {
    environment = "dev"
    names       = { jobs = "id-jobs", ci = "id-ci" }

    trust = {
      issuer  = "https://token.actions.githubusercontent.com"
      subject = "repo:example@1/project@2:environment:dev"
    }
  }

  assert {
    condition     = azurerm_federated_identity_credential.ci[0].audience == tolist(["api://AzureADTokenExchange"]) && azurerm_federated_identity_credential.ci[0].issuer == "https://token.actions.githubusercontent.com"
    error_message = "Only tokens made for Azure, by the CI, must be accepted."
  }

  assert {
    condition     = azurerm_federated_identity_credential.ci[0].user_assigned_identity_id == azurerm_user_assigned_identity.main["ci"].id
    error_message = "Tokens of the CI must be accepted for its own identity only."
  }
}

run "network" {
  command = apply

  module {
    source = "./modules/network"
  }

  override_resource {
    target = azurerm_private_dns_zone.main["privatelink.blob.core.windows.net"]
    values = {
      id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example/providers/Microsoft.Network/privateDnsZones/privatelink.blob.core.windows.net"
    }
  }

  variables {
    name           = "vnet-example"
    address_space  = "10.20.0.0/24"
    zones          = ["privatelink.api.azureml.ms", "privatelink.blob.core.windows.net"]
    workspace_name = "mlw-example"
  }

  assert {
    condition     = azurerm_virtual_network.main.address_space == toset(["10.20.0.0/24"]) && azurerm_subnet.endpoints.name == "endpoints" && azurerm_subnet.endpoints.virtual_network_name == "vnet-example" && azurerm_subnet.endpoints.address_prefixes == tolist(["10.20.0.0/24"])
    error_message = "The whole network must be for private endpoints."
  }

  assert {
    condition     = !azurerm_subnet.endpoints.default_outbound_access_enabled && azurerm_subnet.endpoints.private_endpoint_network_policies == "NetworkSecurityGroupEnabled"
    error_message = "Nothing in the network must reach the internet, and its rules must count."
  }

  assert {
    condition     = azurerm_network_security_group.main.name == "nsg-vnet-example" && length(azurerm_network_security_group.main.security_rule) == 0 && azurerm_subnet_network_security_group_association.endpoints.network_security_group_id == azurerm_network_security_group.main.id && azurerm_subnet_network_security_group_association.endpoints.subnet_id == azurerm_subnet.endpoints.id
    error_message = "Azure's own rules, which admit nothing of the internet, must count for the subnet."
  }

  assert {
    condition     = output.subnet_id == azurerm_subnet.endpoints.id && output.zone_ids == { for name, zone in azurerm_private_dns_zone.main : zone.name => zone.id }
    error_message = "Endpoints must be put into the subnet, and into the zones."
  }

  assert {
    condition     = alltrue([for name, link in azurerm_private_dns_zone_virtual_network_link.main : link.name == "mlw-example" && link.private_dns_zone_id == azurerm_private_dns_zone.main[name].id && link.virtual_network_id == azurerm_virtual_network.main.id && !link.registration_enabled])
    error_message = "The network must resolve names through each zone, and register none of its machines."
  }

  assert {
    condition     = azurerm_virtual_network.main.tags == tomap({ project = "example" })
    error_message = "What costs money must say for which project."
  }
}

run "private_endpoints" {
  command = plan

  module {
    source = "./modules/private_endpoints"
  }

  variables {
    workspace_name = "mlw-example"
    subnet_id      = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example/providers/Microsoft.Network/virtualNetworks/vnet-example/subnets/endpoints"
    zones          = { blob = ["privatelink.blob.core.windows.net"], dfs = ["privatelink.dfs.core.windows.net"] }
    zone_ids       = { "privatelink.blob.core.windows.net" = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example/providers/Microsoft.Network/privateDnsZones/privatelink.blob.core.windows.net", "privatelink.dfs.core.windows.net" = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example/providers/Microsoft.Network/privateDnsZones/privatelink.dfs.core.windows.net" }
    endpoints      = { lake-dfs = { resource_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example/providers/Microsoft.Storage/storageAccounts/dlsexample", subresource = "dfs" } }
  }

  assert {
    condition     = azurerm_private_endpoint.main["lake-dfs"].name == "pe-mlw-example-lake-dfs" && azurerm_private_endpoint.main["lake-dfs"].subnet_id == "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example/providers/Microsoft.Network/virtualNetworks/vnet-example/subnets/endpoints"
    error_message = "An endpoint must stand in the subnet."
  }

  assert {
    condition     = azurerm_private_endpoint.main["lake-dfs"].private_service_connection[0].private_connection_resource_id == "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example/providers/Microsoft.Storage/storageAccounts/dlsexample" && azurerm_private_endpoint.main["lake-dfs"].private_service_connection[0].subresource_names == tolist(["dfs"])
    error_message = "An endpoint must lead to its resource."
  }

  assert {
    condition     = !azurerm_private_endpoint.main["lake-dfs"].private_service_connection[0].is_manual_connection
    error_message = "Nobody must have to approve an endpoint to a resource of our own."
  }

  assert {
    condition     = azurerm_private_endpoint.main["lake-dfs"].private_dns_zone_group[0].private_dns_zone_ids == tolist(["/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example/providers/Microsoft.Network/privateDnsZones/privatelink.dfs.core.windows.net"])
    error_message = "An endpoint must be registered in the zones of its part, and no others."
  }
}

run "outbound_rules" {
  command = plan

  module {
    source = "./modules/outbound_rules"
  }

  variables {
    workspace_id      = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example/providers/Microsoft.MachineLearningServices/workspaces/mlw-example"
    private_endpoints = { lake-dfs = { resource_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example/providers/Microsoft.Storage/storageAccounts/dlsexample", subresource = "dfs" } }
    approved_hosts    = ["packages.example.com"]
  }

  assert {
    condition     = azurerm_machine_learning_workspace_network_outbound_rule_private_endpoint.main["lake-dfs"].service_resource_id == "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example/providers/Microsoft.Storage/storageAccounts/dlsexample" && azurerm_machine_learning_workspace_network_outbound_rule_private_endpoint.main["lake-dfs"].sub_resource_target == "dfs" && azurerm_machine_learning_workspace_network_outbound_rule_private_endpoint.main["lake-dfs"].workspace_id == "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example/providers/Microsoft.MachineLearningServices/workspaces/mlw-example"
    error_message = "A rule must lead from the workspace to the resource."
  }

  assert {
    condition     = azurerm_machine_learning_workspace_network_outbound_rule_fqdn.main["packages.example.com"].destination_fqdn == "packages.example.com" && can(regex("^host-[0-9a-f]{8}$", azurerm_machine_learning_workspace_network_outbound_rule_fqdn.main["packages.example.com"].name)) && azurerm_machine_learning_workspace_network_outbound_rule_fqdn.main["packages.example.com"].workspace_id == "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example/providers/Microsoft.MachineLearningServices/workspaces/mlw-example"
    error_message = "A host that is approved must be reached from the workspace."
  }
}

run "alerts" {
  command = apply

  module {
    source = "./modules/alerts"
  }

  override_resource {
    target = azurerm_monitor_action_group.mail
    values = {
      id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example/providers/Microsoft.Insights/actionGroups/ag-mail-example"
    }
  }

  variables {
    environment       = "staging"
    names             = { action_group = "ag-example", action_group_mail = "ag-mail-example", workspace = "mlw-example" }
    email             = "mlops@example.com"
    workspace_id      = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example/providers/Microsoft.MachineLearningServices/workspaces/mlw-example"
    quota_percent     = 75
    logic_app         = { id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example/providers/Microsoft.Logic/workflows/logic-example" }
    callback_url      = "https://logic.example/event?sig=stand-in"
    resource_group_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example"
    monthly_budget    = 200
  }

  assert {
    condition     = alltrue([for alert in azurerm_monitor_metric_alert.main : alert.scopes == toset([var.workspace_id]) && one(alert.criteria).metric_namespace == "Microsoft.MachineLearningServices/workspaces" && one(alert.criteria).operator == "GreaterThan"])
    error_message = "Alerts must watch the workspace."
  }

  assert {
    condition = { for name, alert in azurerm_monitor_metric_alert.main : alert.name => [one(alert.criteria).metric_name, one(alert.criteria).aggregation, one(alert.criteria).threshold] } == {
      failed-job-mlw-example        = ["Failed Runs", "Total", 0]
      failed-deployment-mlw-example = ["Model Deploy Failed", "Total", 0]
      unusable-node-mlw-example     = ["Unusable Nodes", "Maximum", 0]
      quota-mlw-example             = ["Quota Utilization Percentage", "Average", 75]
    }
    error_message = "Failures must be counted, and states measured."
  }

  assert {
    condition     = alltrue([for alert in concat(values(azurerm_monitor_metric_alert.main), azurerm_monitor_metric_alert.events_failed) : alert.severity == 2 && alert.frequency == "PT5M" && alert.window_size == "PT15M" && alert.enabled != false])
    error_message = "An alert must come within minutes."
  }

  assert {
    condition     = { for name, alert in azurerm_monitor_metric_alert.main : name => [for dimension in one(alert.criteria).dimension : "${dimension.name} ${dimension.operator} ${join(",", dimension.values)}"] } == { failed-job = [], failed-deployment = [], unusable-node = ["ClusterName Include *"], quota = ["VmFamilyName Include *"] }
    error_message = "Families of machines and clusters must be watched one by one."
  }

  assert {
    condition     = alltrue([for alert in azurerm_monitor_metric_alert.main : [for action in alert.action : action.action_group_id] == [azurerm_monitor_action_group.main.id]])
    error_message = "What happens in the workspace must be told to all."
  }

  assert {
    condition     = azurerm_monitor_metric_alert.events_failed[0].name == "events-failed-mlw-example" && azurerm_monitor_metric_alert.events_failed[0].scopes == toset([var.logic_app.id]) && one(azurerm_monitor_metric_alert.events_failed[0].criteria).metric_namespace == "Microsoft.Logic/workflows" && one(azurerm_monitor_metric_alert.events_failed[0].criteria).metric_name == "RunsFailed" && one(azurerm_monitor_metric_alert.events_failed[0].criteria).aggregation == "Total" && one(azurerm_monitor_metric_alert.events_failed[0].criteria).operator == "GreaterThan" && one(azurerm_monitor_metric_alert.events_failed[0].criteria).threshold == 0
    error_message = "The Logic App must be watched."
  }

  assert {
    condition     = [for action in azurerm_monitor_metric_alert.events_failed[0].action : action.action_group_id] == [azurerm_monitor_action_group.mail.id]
    error_message = "The Logic App must not be told of its own failure: a mail is."
  }

  assert {
    condition     = alltrue([for group in [azurerm_monitor_action_group.main, azurerm_monitor_action_group.mail] : [for receiver in group.email_receiver : [receiver.email_address, receiver.use_common_alert_schema]] == [["mlops@example.com", true]] && length(group.short_name) <= 12])
    error_message = "Each alert must be mailed, in the form that all alerts have."
  }

  assert {
    condition     = azurerm_monitor_action_group.main.name == "ag-example" && azurerm_monitor_action_group.main.short_name == "ml-staging" && azurerm_monitor_action_group.mail.name == "ag-mail-example" && azurerm_monitor_action_group.mail.short_name == "mlm-staging"
    error_message = "Each action group must have the name of the configuration, and a short one of its own."
  }

  assert {
    condition     = [for receiver in azurerm_monitor_action_group.main.logic_app_receiver : [receiver.name, receiver.resource_id, receiver.callback_url, receiver.use_common_alert_schema]] == [["logic-app", var.logic_app.id, "https://logic.example/event?sig=stand-in", true]]
    error_message = "The Logic App must hear of alerts, in the form that it reads."
  }

  assert {
    condition     = length(azurerm_monitor_action_group.mail.logic_app_receiver) == 0
    error_message = "One of the groups must only mail."
  }

  assert {
    condition     = toset([for notification in azurerm_consumption_budget_resource_group.main[0].notification : "${notification.threshold_type} ${notification.operator} ${notification.threshold} ${join(",", notification.contact_groups)}"]) == toset(["Actual GreaterThan 80 ${azurerm_monitor_action_group.main.id}", "Forecasted GreaterThan 100 ${azurerm_monitor_action_group.main.id}"])
    error_message = "A budget must tell before it is spent."
  }

  assert {
    condition     = azurerm_consumption_budget_resource_group.main[0].resource_group_id == var.resource_group_id && azurerm_consumption_budget_resource_group.main[0].time_grain == "Monthly" && endswith(azurerm_consumption_budget_resource_group.main[0].time_period[0].start_date, "-01T00:00:00Z")
    error_message = "A budget must be the resource group's, and start on the first of a month."
  }
}

run "alerts_without_a_logic_app" {
  command = plan

  module {
    source = "./modules/alerts"
  }

  variables {
    environment       = "dev"
    names             = { action_group = "ag-example", action_group_mail = "ag-mail-example", workspace = "mlw-example" }
    email             = "mlops@example.com"
    workspace_id      = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example/providers/Microsoft.MachineLearningServices/workspaces/mlw-example"
    quota_percent     = 75
    logic_app         = null
    callback_url      = null
    resource_group_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example"
    monthly_budget    = null
  }

  assert {
    condition     = length(azurerm_monitor_action_group.main.logic_app_receiver) == 0 && length(azurerm_monitor_metric_alert.events_failed) == 0 && length(azurerm_consumption_budget_resource_group.main) == 0
    error_message = "What is not there must not be watched, nor told."
  }
}
