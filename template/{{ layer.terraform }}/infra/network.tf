# How the workspace is reached, and what its computes reach. In mode public none of these endpoints is created.

locals {
  isolation_mode = lookup({
    public   = "Disabled"
    managed  = "AllowInternetOutbound"
    isolated = "AllowOnlyApprovedOutbound"
  }, local.config.network.mode, null)

  # Closed: reached through private endpoints only.
  closed = local.config.network.mode != "public"

  subnet_id      = try(local.config.network.subnet_id, null)
  zone_ids       = try(coalesce(local.config.network.private_dns_zone_ids), [])
  approved_hosts = try(coalesce(local.config.network.approved_hosts), [])

  # What people and CI reach from your network; the zones are those Azure resolves the public names through.
  private_endpoints = {
    workspace = { resource_id = module.workspace.id, subresource = "amlworkspace", zones = ["privatelink.api.azureml.ms", "privatelink.notebooks.azure.net"] }
    blob      = { resource_id = module.storage.id, subresource = "blob", zones = ["privatelink.blob.core.windows.net"] }
    file      = { resource_id = module.storage.id, subresource = "file", zones = ["privatelink.file.core.windows.net"] }
    lake-blob = { resource_id = module.data_lake.id, subresource = "blob", zones = ["privatelink.blob.core.windows.net"] }
    lake-dfs  = { resource_id = module.data_lake.id, subresource = "dfs", zones = ["privatelink.dfs.core.windows.net"] }
    registry  = { resource_id = module.container_registry.id, subresource = "registry", zones = ["privatelink.azurecr.io"] }
    vault     = { resource_id = module.key_vault.id, subresource = "vault", zones = ["privatelink.vaultcore.azure.net"] }
  }

  missing_zones = setsubtract(flatten(values(local.private_endpoints)[*].zones), [for id in local.zone_ids : basename(id)])

  # The managed network makes endpoints by itself for the key vault, the container registry, and blobs and files of the
  # workspace's own storage account. Batch
  # endpoints and parallel jobs keep their queue and their progress there, in queues and tables.
  outbound_endpoints = {
    storage-queue = { resource_id = module.storage.id, subresource = "queue" }
    storage-table = { resource_id = module.storage.id, subresource = "table" }
    lake-blob     = { resource_id = module.data_lake.id, subresource = "blob" }
    lake-dfs      = { resource_id = module.data_lake.id, subresource = "dfs" }
  }
}
