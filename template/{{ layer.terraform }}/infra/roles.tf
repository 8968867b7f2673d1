# Who may do what, where, and why. A role of Azure is known by its GUID, which stays when Microsoft renames it.

locals {
  roles = {
    "Azure AI Enterprise Network Connection Approver" = "b556d68e-0be0-4f35-a333-ad7ee1ce17ea"
    "Reader"                                          = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
  }

  principals = {
    workspace = module.workspace.principal_id
  }

  # Roles that only closed networks need.
  network_assignments = {
    workspace-reads-blob-endpoint = { principal = "workspace", role = "Reader", scope = lookup(module.private_endpoints.ids, "blob", null), why = "the studio shows data of a closed storage account only if the workspace may read its private endpoints" }
    workspace-reads-file-endpoint = { principal = "workspace", role = "Reader", scope = lookup(module.private_endpoints.ids, "file", null), why = "the same, for files" }
    workspace-joins-storage       = { principal = "workspace", role = "Azure AI Enterprise Network Connection Approver", scope = module.storage.id, why = "the managed network approves its own endpoints for queues and tables" }
    workspace-joins-lake          = { principal = "workspace", role = "Azure AI Enterprise Network Connection Approver", scope = module.data_lake.id, why = "the managed network approves its own endpoints for the data lake" }
  }

  assignments = { for name, row in local.network_assignments : name => row if local.closed }
}

resource "azurerm_role_assignment" "main" {
  for_each = local.assignments

  scope              = each.value.scope
  role_definition_id = "/subscriptions/${data.azurerm_client_config.current.subscription_id}/providers/Microsoft.Authorization/roleDefinitions/${local.roles[each.value.role]}"
  principal_id       = local.principals[each.value.principal]
  principal_type     = "ServicePrincipal"
  description        = each.value.why
}
