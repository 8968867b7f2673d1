output "resource_group_name" {
  description = "The resource group that holds the environment."
  value       = local.names.resource_group
}

output "workspace_name" {
  description = "The Azure Machine Learning workspace."
  value       = azurerm_machine_learning_workspace.main.name
}

output "workspace_id" {
  description = "Resource ID of the workspace."
  value       = azurerm_machine_learning_workspace.main.id
}

output "storage_account_id" {
  description = "Resource ID of the workspace's storage account."
  value       = module.storage.id
}

output "data_lake_id" {
  description = "Resource ID of the data lake."
  value       = module.data_lake.id
}

output "ci_client_id" {
  description = "Client ID that the CI signs in with that trains and deploys."
  value       = azurerm_user_assigned_identity.main["ci"].client_id
}

output "infrastructure_client_id" {
  description = "Client ID that the CI signs in with that builds infrastructure; none without ci.builds_infrastructure."
  value       = one([for who, identity in azurerm_user_assigned_identity.main : identity.client_id if who == "infrastructure"])
}

output "plan_client_id" {
  description = "Client ID that the CI signs in with that compares infrastructure for a pull request; none without ci.builds_infrastructure."
  value       = one([for who, identity in azurerm_user_assigned_identity.main : identity.client_id if who == "plan"])
}

output "roles_to_assign" {
  description = "Commands for the owners of resources on which this stack assigns no roles, by purpose: yours that the configuration names, and with assign_roles: false all."
  value = merge(
    {
      for name, row in local.rows : "${name}, because: ${row.why}" => join(" ", [
        "az role assignment create",
        "--assignee-object-id", merge(local.machines, local.people)[row.who],
        "--assignee-principal-type", contains(keys(local.people), row.who) ? "Group" : "ServicePrincipal",
        "--role", local.role_ids[row.role],
        "--scope", local.scopes[row.on],
      ]) if !contains(keys(local.assigned), name)
    },
    {
      for name, row in local.own_rows : "${name}, because: ${row.why}" => join(" ", [
        "az role assignment create",
        "--assignee-object-id", local.machines["jobs"],
        "--assignee-principal-type ServicePrincipal",
        "--role", local.grants.roles[row.role],
        "--scope", row.scope,
      ])
    },
  )
}
