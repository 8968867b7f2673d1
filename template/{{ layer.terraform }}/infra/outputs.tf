output "resource_group_name" {
  description = "The resource group that holds the environment."
  value       = local.resource_group.name
}

output "workspace_name" {
  description = "The Azure Machine Learning workspace."
  value       = module.workspace.name
}

output "workspace_id" {
  description = "The workspace's resource ID, for role assignments."
  value       = module.workspace.id
}

output "storage_account_id" {
  description = "The storage account's resource ID: everybody who submits jobs needs 'Storage Blob Data Contributor' on it."
  value       = module.storage.id
}

output "data_lake_id" {
  description = "The data lake's resource ID: everybody who reads data needs 'Storage Blob Data Reader' on it."
  value       = module.data_lake.id
}
