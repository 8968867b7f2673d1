output "ids" {
  description = "Resource IDs of the endpoints by name."
  value       = { for name, endpoint in azurerm_private_endpoint.main : name => endpoint.id }
}

output "zone_ids" {
  description = "Resource IDs of the zones that each endpoint is registered in."
  value       = { for name, endpoint in azurerm_private_endpoint.main : name => flatten(endpoint.private_dns_zone_group[*].private_dns_zone_ids) }
}

output "targets" {
  description = "Resource IDs of what the endpoints lead to, by name."
  value       = { for name, endpoint in azurerm_private_endpoint.main : name => endpoint.private_service_connection[0].private_connection_resource_id }
}

output "subresources" {
  description = "The parts of resources that the endpoints lead to, by name."
  value       = { for name, endpoint in azurerm_private_endpoint.main : name => one(endpoint.private_service_connection[0].subresource_names) }
}

output "subnet_ids" {
  description = "Resource IDs of the subnets that the endpoints stand in."
  value       = toset([for endpoint in azurerm_private_endpoint.main : endpoint.subnet_id])
}
