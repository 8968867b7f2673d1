output "compute_name" {
  description = "Name of the compute, which deployments run on."
  value       = azapi_resource.compute.name
}
