# What leaves Azure: events that start pipelines, and alerts that become issues. docs/ci.md describes the set-up.

locals {
  # Azure DevOps knows the Logic App's identity. GitHub wants a token instead, from a key vault that the Logic App reaches: it
  # stands outside your network, where a closed key vault does not answer.
  token_vault_id = try(local.config.events.token_vault_id, null)
  events_leave   = local.config.ci.system == "azure_devops" || !local.closed || local.token_vault_id != null

  # Each event has a workflow in GitHub; in Azure DevOps a pipeline, once its ID is known.
  heard_events = [
    for name in ["model_registered", "monitor_breach", "data_arrived"] : replace(name, "_", "-")
    if local.config.ci.system == "github" || try(local.config.events.pipelines[name], null) != null
  ]

  repository  = split("/", local.config.ci.repository)
  token_vault = local.token_vault_id == null ? module.key_vault.id : local.token_vault_id
  token_id    = try("${local.token_vault}/secrets/${local.config.events.token_secret}", null)

  event_parameters = merge(
    {
      environment     = local.environment
      workspaceId     = module.workspace.id
      dataLakeId      = module.data_lake.id
      model           = local.config.events.model
      coolDownMinutes = local.config.events.cool_down_minutes
    },
    { for name, value in local.github_parameters : name => value if local.config.ci.system == "github" },
    { for name, value in local.azure_devops_parameters : name => value if local.config.ci.system == "azure_devops" },
  )

  github_parameters = {
    repository = local.config.ci.repository
    tokenUri   = try("https://${basename(local.token_vault)}.vault.azure.net/secrets/${local.config.events.token_secret}?api-version=7.4", null)
  }

  azure_devops_parameters = {
    organisation = local.repository[0]
    project      = try(local.repository[1], null)
    pipelines    = try(local.config.events.pipelines, null)
    workItemType = try(local.config.events.work_item_type, null)
  }
}
