output "name" {
  description = "Name of the cluster."
  value       = azurerm_machine_learning_compute_cluster.main.name
}

output "identity_ids" {
  description = "Resource IDs of the identities that jobs act as."
  value       = azurerm_machine_learning_compute_cluster.main.identity[0].identity_ids
}
