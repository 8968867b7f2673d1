output "id" {
  description = "Resource ID of the storage account."
  value       = azurerm_storage_account.main.id
}

output "container_ids" {
  description = "Resource IDs of the containers by name."
  value       = { for name, container in azurerm_storage_container.main : name => container.id }
}

output "public_network_access_enabled" {
  description = "Whether the public endpoint answers."
  value       = azurerm_storage_account.main.public_network_access_enabled
}

output "hierarchical" {
  description = "Whether it is a data lake."
  value       = azurerm_storage_account.main.is_hns_enabled
}

output "name" {
  description = "Name of the storage account."
  value       = azurerm_storage_account.main.name
}

output "replication" {
  description = "How data is replicated."
  value       = azurerm_storage_account.main.account_replication_type
}
