# Who may do what, where, and why: the whole of it. In a plan a role assignment is called by its row: "jobs: AcrPull on container_registry".

locals {
  # Azure knows a role by its GUID, which stays when Microsoft renames the role.
  roles = {
    "AcrPull"                                         = "7f951dda-4ed3-4680-a7ca-43fe172d538d"
    "Azure AI Enterprise Network Connection Approver" = "b556d68e-0be0-4f35-a333-ad7ee1ce17ea"
    "Azure AI Inference Deployment Operator"          = "3afb7f49-54cb-416e-8c09-6dc049efa503"
    "AzureML Compute Operator"                        = "e503ece1-11d0-4e8e-8e2c-7a6c3bf38815"
    "AzureML Data Scientist"                          = "f6c7c914-8db3-469d-8ca1-694a8f32e121"
    "AzureML Metrics Writer"                          = "635dd51f-9968-44d3-b7fb-6d9a6bd613ae"
    "AzureML Registry User"                           = "1823dd4f-9b8c-4ab6-ab4e-7397a3684615"
    "Contributor"                                     = "b24988ac-6180-42a0-ab88-20f7382dd24c"
    "Key Vault Secrets User"                          = "4633458b-17de-408a-b874-0445c86b69e6"
    "Log Analytics Reader"                            = "73c42c96-874c-492b-b04d-ab87d138a893"
    "Managed Identity Operator"                       = "f1a07417-d97a-45cb-824c-7a7467783830"
    "Monitoring Contributor"                          = "749f88d5-cbae-40b8-bcfc-e573ddc772fa"
    "Reader"                                          = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
    "Role Based Access Control Administrator"         = "f58310d9-a9f6-439a-9e8d-f62e7b41a168"
    "Storage Blob Data Contributor"                   = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
    "Storage Blob Data Reader"                        = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
    "Storage File Data Privileged Contributor"        = "69566ab7-960f-475b-8e7c-b3118f30c6bd"
    "Storage Queue Data Contributor"                  = "974c5e8b-45b9-4653-ba55-5f855dd0fb88"
    "Storage Table Data Contributor"                  = "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3"
  }

  machines = {
    jobs      = module.identities.principal_ids["jobs"]
    endpoint  = module.identities.principal_ids["endpoint"]
    ci        = module.identities.principal_ids["ci"]
    workspace = module.workspace.principal_id
    events    = one(module.events[*].principal_id)
  }

  # Groups of people; who has no group yet gets no role.
  people = { for name, id in try(coalesce(local.config.groups), {}) : name => id if id != null }

  # The registry that all environments share; infra/registry/ builds it.
  subscription_id   = "/subscriptions/${data.azurerm_client_config.current.subscription_id}"
  ml_registry_id    = "${local.registry_subscription}/resourceGroups/${local.config.registry.resource_group}/providers/Microsoft.MachineLearningServices/registries/${local.config.registry.name}"
  ml_registry_group = try(local.config.registry.managed_resource_group, null)

  # Of what may stand in another subscription than the environment, whose roles are those of its own.
  registry_subscription = "/subscriptions/${try(coalesce(local.config.registry.subscription_id), data.azurerm_client_config.current.subscription_id)}"
  subscriptions = {
    ml_registry       = local.registry_subscription
    ml_registry_group = local.registry_subscription
    github_token      = local.token_vault_id == null ? local.subscription_id : join("/", slice(split("/", local.token_vault_id), 0, 3))
  }

  scopes = {
    workspace          = module.workspace.id
    storage            = module.storage.id
    data_lake          = module.data_lake.id
    container_registry = module.container_registry.id
    log_analytics      = module.monitoring.log_analytics_id
    identity_jobs      = module.identities.ids["jobs"]
    identity_endpoint  = module.identities.ids["endpoint"]
    resource_group     = local.resource_group.id
    blob_endpoint      = lookup(module.private_endpoints.ids, "blob", null)
    file_endpoint      = lookup(module.private_endpoints.ids, "file", null)
    ml_registry        = local.ml_registry_id
    ml_registry_group  = try("${local.registry_subscription}/resourceGroups/${local.ml_registry_group}", null)
    github_token       = local.token_id
  }

  # What a row's `when` asks for.
  cases = {
    "always"                                                    = true
    "closed networks"                                           = local.closed
    "isolated networks"                                         = local.config.network.mode == "isolated"
    "ci.builds_infrastructure"                                  = local.builds_infrastructure
    "ci.builds_infrastructure, assign_roles"                    = local.builds_infrastructure && local.assign_roles
    "registry.managed_resource_group"                           = local.ml_registry_group != null
    "events by token"                                           = local.token_needed
    "ci.builds_infrastructure, registry.managed_resource_group" = local.builds_infrastructure && local.ml_registry_group != null
    "ci.builds_infrastructure, events by token"                 = local.builds_infrastructure && local.token_needed
  }

  builds_infrastructure = try(local.config.ci.builds_infrastructure, false)
  token_needed          = local.events_leave && local.config.ci.system == "github"

  machine_roles = [
    { who = "jobs", role = "Storage Blob Data Contributor", on = "storage", why = "reads code, writes outputs, logs and models" },
    { who = "jobs", role = "Storage Queue Data Contributor", on = "storage", why = "parallel jobs and batch endpoints queue their work there" },
    { who = "jobs", role = "Storage Table Data Contributor", on = "storage", why = "parallel jobs and batch endpoints keep their progress there" },
    { who = "jobs", role = "Storage Blob Data Reader", on = "data_lake", why = "reads data; only people and pipelines of yours write it" },
    { who = "jobs", role = "AcrPull", on = "container_registry", why = "jobs start from images there" },
    { who = "jobs", role = "AzureML Data Scientist", on = "workspace", why = "steps track runs and register models" },
    { who = "jobs", role = "Reader", on = "ml_registry", why = "reads models, environments and components there" },
    { who = "endpoint", role = "Storage Blob Data Contributor", on = "storage", why = "loads the model, writes collected requests" },
    { who = "endpoint", role = "AcrPull", on = "container_registry", why = "deployments start from images there" },
    { who = "endpoint", role = "AzureML Metrics Writer", on = "workspace", why = "reports latency and load" },
    { who = "endpoint", when = "registry.managed_resource_group", role = "AcrPull", on = "ml_registry_group", why = "pulls images of the registry's environments" },
    { who = "endpoint", when = "registry.managed_resource_group", role = "Storage Blob Data Reader", on = "ml_registry_group", why = "loads models of the registry" },
    { who = "ci", role = "AzureML Data Scientist", on = "workspace", why = "submits jobs, registers models, deploys them" },
    { who = "ci", role = "Storage Blob Data Contributor", on = "storage", why = "uploads code of jobs and deployments" },
    { who = "ci", role = "Managed Identity Operator", on = "identity_jobs", why = "lets jobs act as this identity" },
    { who = "ci", role = "Managed Identity Operator", on = "identity_endpoint", why = "lets endpoints act as this identity" },
    { who = "ci", role = "Azure AI Inference Deployment Operator", on = "resource_group", why = "scales endpoints, whose rules stand beside them in the group" },
    { who = "ci", role = "Monitoring Contributor", on = "resource_group", why = "watches endpoints: alerts and logs stand beside them in the group" },
    { who = "ci", when = "ci.builds_infrastructure", role = "Contributor", on = "resource_group", why = "builds what infra/ describes" },
    { who = "ci", when = "ci.builds_infrastructure, assign_roles", role = "Role Based Access Control Administrator", on = "resource_group", why = "gives machines and groups the roles of this table, and no others" },
    { who = "ci", in = ["dev", "staging"], role = "AzureML Registry User", on = "ml_registry", why = "shares models that passed the gate" },
    { who = "ci", role = "Reader", on = "ml_registry", why = "deploys models from it, and sees whose roles stand there" },
    { who = "ci", when = "ci.builds_infrastructure, registry.managed_resource_group", role = "Reader", on = "ml_registry_group", why = "sees whose roles stand there" },
    { who = "ci", when = "ci.builds_infrastructure, events by token", role = "Reader", on = "github_token", why = "sees whose roles stand there" },
    { who = "workspace", when = "closed networks", role = "Reader", on = "blob_endpoint", why = "the studio shows blobs of a closed storage account only if the workspace may read its endpoint" },
    { who = "workspace", when = "closed networks", role = "Reader", on = "file_endpoint", why = "the same for files" },
    { who = "workspace", when = "closed networks", role = "Azure AI Enterprise Network Connection Approver", on = "storage", why = "approves the managed network's endpoints for queues and tables" },
    { who = "workspace", when = "closed networks", role = "Azure AI Enterprise Network Connection Approver", on = "data_lake", why = "approves the managed network's endpoints for data" },
    { who = "workspace", when = "isolated networks", role = "Azure AI Enterprise Network Connection Approver", on = "ml_registry", why = "approves the managed network's endpoint for it" },
    { who = "events", when = "events by token", role = "Key Vault Secrets User", on = "github_token", why = "reads the one token that GitHub asks for" },
  ]

  # In dev people try things out; in prod they look, and pipelines change. The registry is shared, so that dev's configuration
  # speaks for all: Azure refuses to give a group the same role twice.
  people_roles = [
    { who = "data_scientists", in = ["dev"], role = "AzureML Data Scientist", on = "workspace", why = "runs experiments" },
    { who = "data_scientists", in = ["dev"], role = "Storage Blob Data Contributor", on = "storage", why = "uploads the code of jobs" },
    { who = "data_scientists", in = ["dev"], role = "Storage File Data Privileged Contributor", on = "storage", why = "keeps notebooks" },
    { who = "data_scientists", in = ["dev"], role = "Storage Blob Data Reader", on = "data_lake", why = "explores data" },
    { who = "data_scientists", in = ["dev"], role = "Reader", on = "ml_registry", why = "sees what was promoted" },
    { who = "data_scientists", in = ["staging", "prod"], role = "Reader", on = "workspace", why = "sees jobs, models and monitors" },
    { who = "data_scientists", in = ["staging", "prod"], role = "Log Analytics Reader", on = "log_analytics", why = "reads logs of endpoints" },
    { who = "ml_engineers", in = ["dev", "staging"], role = "AzureML Data Scientist", on = "workspace", why = "runs pipelines, tries deployments" },
    { who = "ml_engineers", in = ["dev", "staging"], role = "AzureML Compute Operator", on = "workspace", why = "manages clusters" },
    { who = "ml_engineers", in = ["dev", "staging"], role = "Storage Blob Data Contributor", on = "storage", why = "uploads the code of jobs" },
    { who = "ml_engineers", in = ["dev", "staging"], role = "Storage Blob Data Contributor", on = "data_lake", why = "brings data in" },
    { who = "ml_engineers", in = ["dev"], role = "AzureML Registry User", on = "ml_registry", why = "promotes by hand where CI cannot" },
    { who = "ml_engineers", in = ["prod"], role = "Reader", on = "workspace", why = "sees jobs, models and monitors" },
    { who = "ml_engineers", in = ["prod"], role = "Log Analytics Reader", on = "log_analytics", why = "reads logs of endpoints" },
  ]

  assignments = {
    for row in concat(
      [for row in local.machine_roles : merge(row, { type = "ServicePrincipal" })],
      [for row in local.people_roles : merge(row, { type = "Group" }) if contains(keys(local.people), row.who)],
    ) : "${row.who}: ${row.role} on ${row.on}" => row
    if contains(lookup(row, "in", [local.environment]), local.environment) && local.cases[lookup(row, "when", "always")]
  }

  # CI may give the roles of this table to machines and groups, and take them away: not those that would let it give itself more.
  ci_only  = ["Contributor", "Role Based Access Control Administrator"]
  given    = "{${join(", ", sort([for name, id in local.roles : id if !contains(local.ci_only, name)]))}}"
  given_by = "(!(ActionMatches{'Microsoft.Authorization/roleAssignments/%s'}) OR (@%s[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals %s AND @%s[Microsoft.Authorization/roleAssignments:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {'ServicePrincipal', 'Group'}))"

  conditions = {
    "Role Based Access Control Administrator" = join(" AND ", [
      format(local.given_by, "write", "Request", local.given, "Request"),
      format(local.given_by, "delete", "Resource", local.given, "Resource"),
    ])
  }
}

resource "azurerm_role_assignment" "main" {
  for_each = { for name, row in local.assignments : name => row if local.assign_roles }

  scope              = local.scopes[each.value.on]
  role_definition_id = "${lookup(local.subscriptions, each.value.on, local.subscription_id)}/providers/Microsoft.Authorization/roleDefinitions/${local.roles[each.value.role]}"
  principal_id       = merge(local.machines, local.people)[each.value.who]
  principal_type     = each.value.type
  description        = each.value.why
  condition          = lookup(local.conditions, each.value.role, null)
  condition_version  = contains(keys(local.conditions), each.value.role) ? "2.0" : null
}
