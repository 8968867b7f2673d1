output "subnet_id" {
  description = "Resource ID of the subnet for private endpoints, once its rules count."
  value       = azurerm_subnet_network_security_group_association.endpoints.subnet_id
}

output "zone_ids" {
  description = "Resource IDs of the zones by name."
  value       = { for name, zone in azurerm_private_dns_zone.main : name => zone.id }

  # An endpoint is of use once its name is resolved.
  depends_on = [azurerm_private_dns_zone_virtual_network_link.main]
}
