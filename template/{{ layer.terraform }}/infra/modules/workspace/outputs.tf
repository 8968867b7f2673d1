output "id" {
  description = "Resource ID of the workspace."
  value       = azurerm_machine_learning_workspace.main.id
}

output "name" {
  description = "Name of the workspace."
  value       = azurerm_machine_learning_workspace.main.name
}

output "principal_id" {
  description = "Object ID of the workspace's own identity."
  value       = azurerm_machine_learning_workspace.main.identity[0].principal_id
}

output "isolation_mode" {
  description = "What the managed network lets computes reach."
  value       = azurerm_machine_learning_workspace.main.managed_network[0].isolation_mode
}

output "public_network_access_enabled" {
  description = "Whether the public endpoint answers."
  value       = azurerm_machine_learning_workspace.main.public_network_access_enabled
}

output "datastores" {
  description = "Names of the datastores."
  value       = keys(azurerm_machine_learning_datastore_datalake_gen2.main)
}

output "image_build_compute" {
  description = "Name of the cluster that builds images; null where the container registry builds them."
  value       = azurerm_machine_learning_workspace.main.image_build_compute_name
}

output "identity_ids" {
  description = "Resource IDs of the identities that monitors and jobs without a cluster act as."
  value       = azurerm_machine_learning_workspace.main.identity[0].identity_ids
}

output "resources" {
  description = "Resource IDs of what the workspace keeps things in."
  value = {
    storage            = azurerm_machine_learning_workspace.main.storage_account_id
    key_vault          = azurerm_machine_learning_workspace.main.key_vault_id
    container_registry = azurerm_machine_learning_workspace.main.container_registry_id
    insights           = azurerm_machine_learning_workspace.main.application_insights_id
  }
}
