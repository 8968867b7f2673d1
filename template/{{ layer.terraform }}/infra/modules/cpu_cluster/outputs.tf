output "name" {
  description = "Name of the cluster."
  value       = azurerm_machine_learning_compute_cluster.main.name
}
