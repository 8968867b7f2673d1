# Who may do what, where, and why: tables/roles.yml. In a plan a role assignment is called by its row: "jobs: AcrPull on
# container_registry".

locals {
  # The conditions that a row's `when` names.
  cases = {
    closed          = local.closed
    isolated        = local.mode == "isolated"
    builds          = local.builds
    registry_group  = try(local.config.registry.managed_resource_group, null) != null
    autoscale_role  = try(local.config.ci.autoscale_role_id, null) != null
    labels          = contains(local.config.data_lake.containers, "labeling-queue")
    production_data = local.reads_production
  }

  machines = merge(
    { for who, identity in azurerm_user_assigned_identity.main : who => identity.principal_id },
    { workspace = azurerm_machine_learning_workspace.main.identity[0].principal_id },
  )

  # Groups that have no ID yet get no role.
  people = { for who in local.grants.people : who => local.config.groups[who] if try(local.config.groups[who], null) != null }

  scopes = merge(
    local.targets,
    {
      log_analytics     = local.log_analytics_id
      identity_jobs     = azurerm_user_assigned_identity.main["jobs"].id
      identity_endpoint = azurerm_user_assigned_identity.main["endpoint"].id
      resource_group    = local.resource_group_id
      blob_endpoint     = try(azurerm_private_endpoint.main["blob"].id, null)
      file_endpoint     = try(azurerm_private_endpoint.main["file"].id, null)
      ml_registry_group = try("${local.registry_home}/resourceGroups/${local.config.registry.managed_resource_group}", null)
      state             = local.state_id
      "state/endpoints" = try("${local.state_id}/blobServices/default/containers/tfstate-endpoints", null)
    },
    { for name, id in module.data_lake.container_ids : "data_lake/${name}" => id },
  )

  # Known before anything is built, as the keys of the assignments must be.
  containers = concat(
    [for name in local.config.data_lake.containers : "data_lake/${name}"],
    local.state_id == null ? [] : ["state/endpoints"],
  )

  rows = {
    for row in local.grants.grants : "${row.who}: ${row.role} on ${row.on}" => row
    if contains(lookup(row, "in", [local.environment]), local.environment)
    && alltrue([for case in lookup(row, "when", []) : local.cases[case]])
    && (contains(keys(local.identities), row.who) || row.who == "workspace" || contains(keys(local.people), row.who))
    && (!strcontains(row.on, "/") || contains(local.containers, row.on))
    && (row.on != "state" || local.state_id != null)
  }

  # Jobs read your sources and write your targets.
  own_rows = merge(
    {
      for name, source in try(coalesce(local.config.data.sources), {}) :
      "jobs: Storage Blob Data Reader on data.sources.${name}" => { role = "Storage Blob Data Reader", scope = source.id, why = "reads data" }
      if source.kind != "onelake"
    },
    {
      for name, target in try(coalesce(local.config.data.targets), {}) :
      "jobs: Storage Blob Data Contributor on data.targets.${name}" => { role = "Storage Blob Data Contributor", scope = target.id, why = "writes data" }
      if target.kind != "onelake"
    },
  )

  assigns  = local.config.environment.assign_roles
  assigned = { for name, row in local.rows : name => row if local.assigns && !contains(local.given, row.on) && !contains(var.left_to_people.roles, name) }

  role_ids = merge(local.grants.roles, local.cases.autoscale_role ? { autoscale = basename(local.config.ci.autoscale_role_id) } : {})

  # The identity that builds may give the roles of the table, and take them away: neither those that would let it give itself
  # more, nor any to itself.
  given_roles = "{${join(", ", sort([for name, id in local.role_ids : id if !contains(local.grants.given_by_people_only, name)]))}}"
  given_by    = "(!(ActionMatches{'Microsoft.Authorization/roleAssignments/%[1]s'}) OR (@%[2]s[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals %[3]s AND @%[2]s[Microsoft.Authorization/roleAssignments:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {'ServicePrincipal', 'Group'} AND @%[2]s[Microsoft.Authorization/roleAssignments:PrincipalId] ForAllOfAllValues:GuidNotEquals {%[4]s}))"

  conditions = {
    for who in ["infrastructure"] : "Role Based Access Control Administrator" => join(" AND ", [
      format(local.given_by, "write", "Request", local.given_roles, local.machines[who]),
      format(local.given_by, "delete", "Resource", local.given_roles, local.machines[who]),
    ]) if local.builds
  }
}

resource "azurerm_role_assignment" "main" {
  for_each = local.assigned

  scope              = local.scopes[each.value.on]
  role_definition_id = "${startswith(each.value.on, "ml_registry") ? local.registry_home : local.subscription}/providers/Microsoft.Authorization/roleDefinitions/${local.role_ids[each.value.role]}"
  principal_id       = merge(local.machines, local.people)[each.value.who]
  principal_type     = contains(keys(local.people), each.value.who) ? "Group" : "ServicePrincipal" # of a new identity Azure knows no type yet
  description        = each.value.why
  condition          = lookup(local.conditions, each.value.role, null)
  condition_version  = contains(keys(local.conditions), each.value.role) ? "2.0" : null
}
