output "id" {
  description = "Resource ID of the container registry."
  value       = azurerm_container_registry.main.id
}

output "public_network_access_enabled" {
  description = "Whether the public endpoint answers."
  value       = azurerm_container_registry.main.public_network_access_enabled
}

output "name" {
  description = "Name of the container registry."
  value       = azurerm_container_registry.main.name
}

output "sku" {
  description = "Basic, Standard or Premium."
  value       = azurerm_container_registry.main.sku
}
