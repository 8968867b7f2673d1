output "private_endpoints" {
  description = "Names of the rules for private endpoints."
  value       = keys(azurerm_machine_learning_workspace_network_outbound_rule_private_endpoint.main)
}

output "approved_hosts" {
  description = "Hosts that are approved."
  value       = [for rule in azurerm_machine_learning_workspace_network_outbound_rule_fqdn.main : rule.destination_fqdn]
}
