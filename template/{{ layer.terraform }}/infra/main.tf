# One environment of Azure Machine Learning. Nothing in it accepts a key, a password or an anonymous call: every access needs
# an identity and a role. Names, sizes and the network mode come from config/<environment>.yml.

module "monitoring" {
  source = "./modules/monitoring"

  placement                 = local.placement
  log_analytics_name        = local.names.log_analytics
  application_insights_name = local.names.application_insights
  retention_days            = local.sizes.log_retention_days
}

# The workspace's own: code, logs, models.
module "storage" {
  source = "./modules/storage"

  placement        = local.placement
  name             = local.names.storage_account
  replication      = local.sizes.storage_replication
  closed           = local.closed
  log_analytics_id = module.monitoring.log_analytics_id
}

# Your data.
module "data_lake" {
  source = "./modules/storage"

  placement        = local.placement
  name             = local.names.data_lake
  replication      = local.sizes.storage_replication
  hierarchical     = true
  containers       = local.config.data_lake.containers
  closed           = local.closed
  log_analytics_id = module.monitoring.log_analytics_id
}

module "key_vault" {
  source = "./modules/key_vault"

  placement        = local.placement
  name             = local.names.key_vault
  closed           = local.closed
  log_analytics_id = module.monitoring.log_analytics_id
}

module "container_registry" {
  source = "./modules/container_registry"

  placement        = local.placement
  name             = local.names.container_registry
  sku              = local.sizes.container_registry_sku
  closed           = local.closed
  log_analytics_id = module.monitoring.log_analytics_id
}

module "identities" {
  source = "./modules/identities"

  placement   = local.placement
  environment = local.environment
  trust       = local.trust

  names = {
    jobs     = local.names.identity_jobs
    endpoint = local.names.identity_endpoint
    ci       = local.names.identity_ci
  }
}

module "workspace" {
  source = "./modules/workspace"

  placement               = local.placement
  name                    = local.names.workspace
  storage_account_id      = module.storage.id
  key_vault_id            = module.key_vault.id
  container_registry_id   = module.container_registry.id
  application_insights_id = module.monitoring.application_insights_id
  identity_id             = module.identities.ids["jobs"]
  closed                  = local.closed
  isolation_mode          = local.isolation_mode
  log_analytics_id        = module.monitoring.log_analytics_id

  # A container registry without a public endpoint cannot build images by itself.
  image_build_compute = local.closed ? local.config.cpu_cluster.name : null

  # A datastore's name takes no hyphens.
  datastores = { for container, id in module.data_lake.container_ids : replace(container, "-", "_") => id }
}

module "cpu_cluster" {
  source = "./modules/compute_cluster"

  placement    = local.placement
  workspace_id = module.workspace.id
  identity_id  = module.identities.ids["jobs"]
  size         = local.config.cpu_cluster
  closed       = local.closed
}

module "gpu_cluster" {
  source = "./modules/compute_cluster"
  count  = local.gpu_cluster == null ? 0 : 1

  placement    = local.placement
  workspace_id = module.workspace.id
  identity_id  = module.identities.ids["jobs"]
  size         = local.gpu_cluster
  closed       = local.closed
}

module "network" {
  source = "./modules/network"
  count  = local.builds_network ? 1 : 0

  placement      = local.placement
  name           = local.names.virtual_network
  address_space  = local.address_space
  zones          = local.needed_zones
  workspace_name = local.names.workspace
}

module "private_endpoints" {
  source = "./modules/private_endpoints"

  placement      = local.placement
  workspace_name = local.names.workspace
  subnet_id      = local.builds_network ? module.network[0].subnet_id : local.subnet_id
  zones          = local.zones
  zone_ids       = local.builds_network ? module.network[0].zone_ids : local.zone_ids
  endpoints      = { for name, endpoint in local.private_endpoints : name => endpoint if contains(endpoint.modes, local.config.network.mode) }
}

module "outbound_rules" {
  source = "./modules/outbound_rules"

  workspace_id      = module.workspace.id
  private_endpoints = { for name, endpoint in local.outbound_endpoints : name => endpoint if contains(endpoint.modes, local.config.network.mode) }
  approved_hosts    = local.approved_hosts

  # The workspace has to be allowed to approve the endpoints that these rules make.
  depends_on = [azurerm_role_assignment.main]
}

module "events" {
  source = "./modules/events"
  count  = local.events_leave ? 1 : 0

  placement         = local.placement
  environment       = local.environment
  names             = local.names
  resource_group_id = local.resource_group.id
  workspace_id      = module.workspace.id
  data_lake_id      = module.data_lake.id
  parameters        = local.event_parameters
  heard             = local.heard_events
  model             = local.config.events.model
  data_arrived      = local.config.events.data_arrived
  log_analytics_id  = module.monitoring.log_analytics_id

  definitions = {
    workflow = jsondecode(file("${path.module}/events/workflow.json"))
    receiver = jsondecode(file("${path.module}/events/receiver.json"))
  }
}

module "alerts" {
  source = "./modules/alerts"

  placement         = local.placement
  environment       = local.environment
  names             = local.names
  email             = local.config.alert_email
  workspace_id      = module.workspace.id
  quota_percent     = local.config.thresholds.quota_percent
  logic_app         = one(module.events[*].logic_app)
  callback_url      = one(module.events[*].callback_url)
  resource_group_id = local.resource_group.id
  monthly_budget    = try(local.config.monthly_budget, null)
}
