output "resource_group_name" {
  description = "The resource group that holds the environment."
  value       = local.resource_group_name
}

output "workspace_name" {
  description = "The Azure Machine Learning workspace."
  value       = azurerm_machine_learning_workspace.main.name
}

output "workspace_id" {
  description = "The workspace's resource ID, for role assignments."
  value       = azurerm_machine_learning_workspace.main.id
}

output "storage_account_id" {
  description = "The storage account's resource ID: everybody who submits jobs needs 'Storage Blob Data Contributor' on it."
  value       = azurerm_storage_account.main.id
}
