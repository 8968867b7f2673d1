output "id" {
  description = "Resource ID of the account."
  value       = azurerm_storage_account.main.id
}

output "container_ids" {
  description = "Resource IDs of the containers by name."
  value       = { for name, container in azurerm_storage_container.main : name => container.id }
}
