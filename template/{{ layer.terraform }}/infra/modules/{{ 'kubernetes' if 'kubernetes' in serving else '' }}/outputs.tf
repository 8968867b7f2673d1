output "cluster_id" {
  description = "Resource ID of the cluster that is attached."
  value       = azapi_resource.compute.body.properties.resourceId
}

output "workspace_id" {
  description = "Resource ID of the workspace that it is attached to."
  value       = azapi_resource.compute.parent_id
}

output "identity_ids" {
  description = "Resource IDs of the identities that endpoints act as."
  value       = azapi_resource.compute.identity[0].identity_ids
}

output "settings" {
  description = "Settings of the extension."
  value       = azapi_resource.extension.body.properties.configurationSettings
}
