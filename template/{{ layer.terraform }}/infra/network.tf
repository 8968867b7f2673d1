# How the workspace is reached, and what its computes reach. In mode public none of these endpoints is created.

locals {
  isolation_mode = lookup({
    public   = "Disabled"
    managed  = "AllowInternetOutbound"
    isolated = "AllowOnlyApprovedOutbound"
  }, local.config.network.mode, null)

  # Closed: reached through private endpoints only.
  closed = local.config.network.mode != "public"

  # Private endpoints stand in a subnet of yours, or in a network that is built for them.
  subnet_id      = try(local.config.network.subnet_id, null)
  address_space  = try(local.config.network.address_space, null)
  builds_network = local.closed && local.address_space != null
  zone_ids       = { for id in try(coalesce(local.config.network.private_dns_zone_ids), []) : basename(id) => id }
  approved_hosts = try(coalesce(local.config.network.approved_hosts), [])

  # Both closed modes; isolated computes do not even reach the registry that all environments share over its public endpoint.
  either   = ["managed", "isolated"]
  isolated = ["isolated"]

  # Zones that Azure resolves the public names through, by the part of a resource that is reached.
  zones = {
    amlregistry  = ["privatelink.api.azureml.ms"]
    amlworkspace = ["privatelink.api.azureml.ms", "privatelink.notebooks.azure.net"]
    blob         = ["privatelink.blob.core.windows.net"]
    dfs          = ["privatelink.dfs.core.windows.net"]
    file         = ["privatelink.file.core.windows.net"]
    registry     = ["privatelink.azurecr.io"]
    vault        = ["privatelink.vaultcore.azure.net"]
  }

  needed_zones  = toset(flatten(values(local.zones)))
  missing_zones = setsubtract(local.needed_zones, keys(local.zone_ids))

  # What people and CI reach from the network.
  private_endpoints = {
    workspace   = { modes = local.either, resource_id = module.workspace.id, subresource = "amlworkspace" }
    blob        = { modes = local.either, resource_id = module.storage.id, subresource = "blob" }
    file        = { modes = local.either, resource_id = module.storage.id, subresource = "file" }
    lake-blob   = { modes = local.either, resource_id = module.data_lake.id, subresource = "blob" }
    lake-dfs    = { modes = local.either, resource_id = module.data_lake.id, subresource = "dfs" }
    registry    = { modes = local.either, resource_id = module.container_registry.id, subresource = "registry" }
    vault       = { modes = local.either, resource_id = module.key_vault.id, subresource = "vault" }
    ml-registry = { modes = local.isolated, resource_id = local.ml_registry_id, subresource = "amlregistry" }
  }

  # The managed network makes endpoints by itself for the key vault, the container registry, and blobs and files of the
  # workspace's own storage account. Batch endpoints and parallel jobs keep their queue and their progress there, in queues and
  # tables.
  outbound_endpoints = {
    storage-queue = { modes = local.either, resource_id = module.storage.id, subresource = "queue" }
    storage-table = { modes = local.either, resource_id = module.storage.id, subresource = "table" }
    lake-blob     = { modes = local.either, resource_id = module.data_lake.id, subresource = "blob" }
    lake-dfs      = { modes = local.either, resource_id = module.data_lake.id, subresource = "dfs" }
    ml-registry   = { modes = local.isolated, resource_id = local.ml_registry_id, subresource = "amlregistry" }
  }
}
