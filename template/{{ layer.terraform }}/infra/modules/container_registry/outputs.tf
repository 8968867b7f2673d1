output "id" {
  description = "Resource ID of the container registry."
  value       = azurerm_container_registry.main.id
}
