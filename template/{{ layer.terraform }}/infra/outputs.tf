output "resource_group_name" {
  description = "The resource group that holds the environment."
  value       = local.resource_group.name
}

output "workspace_name" {
  description = "The Azure Machine Learning workspace."
  value       = module.workspace.name
}

output "workspace_id" {
  description = "The workspace's resource ID, for role assignments."
  value       = module.workspace.id
}

output "storage_account_id" {
  description = "The storage account's resource ID: everybody who submits jobs needs 'Storage Blob Data Contributor' on it."
  value       = module.storage.id
}

output "data_lake_id" {
  description = "The data lake's resource ID: everybody who reads data needs 'Storage Blob Data Reader' on it."
  value       = module.data_lake.id
}

output "ci_client_id" {
  description = "The client ID that the CI signs in with."
  value       = module.identities.client_ids["ci"]
}

output "roles_to_assign" {
  description = "With assign_roles: false, the commands for somebody who may assign roles; otherwise none."
  value = local.assign_roles ? {} : {
    for name, row in local.assignments : "${name}, because: ${row.why}" => join(" ", [
      "az role assignment create",
      "--assignee-object-id", merge(local.machines, local.people)[row.who],
      "--assignee-principal-type", row.type,
      "--role", local.roles[row.role],
      "--scope", local.scopes[row.on],
    ])
  }
}
