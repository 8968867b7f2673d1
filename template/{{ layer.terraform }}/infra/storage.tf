# The workspace's own storage account, and the data lake.

# Code, logs, models.
module "storage" {
  source = "./modules/storage"

  placement        = local.placement
  name             = local.names.storage_account
  replication      = local.sizes.storage_replication
  containers       = ["watch"] # claims, leases and the heartbeat of `mlops azure`
  closed           = local.closed
  log_analytics_id = local.log_analytics_id
  log_categories   = local.logs.blobs.categories

  # Sharing a model through the registry reads it here on the registry's behalf, which no private endpoint does. Source:
  # Microsoft's "Network isolation with Azure Machine Learning registries".
  admitted_ids = local.closed ? [local.ml_registry_id] : []
}

# Your data.
module "data_lake" {
  source = "./modules/storage"

  placement        = local.placement
  name             = local.names.data_lake
  replication      = local.sizes.storage_replication
  hierarchical     = true
  containers       = local.config.data_lake.containers
  retention_days   = { for row in local.retention : row.path => row.days if contains(local.config.data_lake.containers, split("/", row.path)[0]) }
  closed           = local.closed
  log_analytics_id = local.log_analytics_id
  log_categories   = local.logs.blobs.categories
}
