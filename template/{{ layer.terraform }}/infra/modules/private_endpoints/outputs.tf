output "ids" {
  description = "Resource IDs of the endpoints by name."
  value       = { for name, endpoint in azurerm_private_endpoint.main : name => endpoint.id }
}

output "zone_ids" {
  description = "Resource IDs of the zones that each endpoint is registered in."
  value       = { for name, endpoint in azurerm_private_endpoint.main : name => flatten(endpoint.private_dns_zone_group[*].private_dns_zone_ids) }
}
