output "id" {
  description = "Resource ID of the key vault."
  value       = azurerm_key_vault.main.id
}

output "public_network_access_enabled" {
  description = "Whether the public endpoint answers."
  value       = azurerm_key_vault.main.public_network_access_enabled
}

output "name" {
  description = "Name of the key vault."
  value       = azurerm_key_vault.main.name
}
