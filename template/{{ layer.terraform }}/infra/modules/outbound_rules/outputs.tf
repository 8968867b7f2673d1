output "private_endpoints" {
  description = "What the rules for private endpoints lead to, by name: a resource ID and a part of the resource."
  value       = { for name, rule in azurerm_machine_learning_workspace_network_outbound_rule_private_endpoint.main : name => "${rule.service_resource_id} ${rule.sub_resource_target}" }
}

output "approved_hosts" {
  description = "Hosts that are approved."
  value       = [for rule in azurerm_machine_learning_workspace_network_outbound_rule_fqdn.main : rule.destination_fqdn]
}
