# The Azure Machine Learning workspace and its datastores: the data lake's containers, production data, and storage of yours.

resource "azurerm_machine_learning_workspace" "main" {
  name                          = local.names.workspace
  resource_group_name           = local.placement.resource_group_name
  location                      = local.placement.location
  storage_account_id            = module.storage.id
  key_vault_id                  = local.key_vault_id
  container_registry_id         = local.container_registry_id
  application_insights_id       = azurerm_application_insights.main.id
  storage_account_access_type   = "Identity"
  public_network_access_enabled = !local.closed
  tags                          = local.placement.tags

  # A container registry without a public endpoint cannot build images by itself.
  image_build_compute_name = local.closed ? local.config.cpu_cluster.name : null

  # Azure gives the workspace's own identity its roles on the four resources above when it creates the workspace. Monitors and
  # jobs without a cluster act as the other one.
  identity {
    type         = "SystemAssigned, UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.main["jobs"].id]
  }

  managed_network {
    isolation_mode = {
      public   = "Disabled"
      managed  = "AllowInternetOutbound"
      isolated = "AllowOnlyApprovedOutbound"
    }[local.config.network.mode]

    # Later, the first cluster or endpoint would wait half an hour for it.
    provision_on_creation_enabled = local.closed
  }

  # With its network it takes about as long as the provider waits by default, 30 minutes. A workspace that the provider gave up
  # on is deleted by the next apply, and keeps its name.
  timeouts {
    create = "90m"
    update = "60m"
  }

  # It counts at creation only, and the provider would replace a workspace whose network is closed later.
  lifecycle {
    ignore_changes = [managed_network[0].provision_on_creation_enabled]
  }
}

# No credential is stored in a datastore: people and jobs read it as themselves, with a role on its storage.
locals {
  # Batch endpoints write to datastores of Blob storage only, which a container of a data lake can be as well.
  blob_containers = ["predictions"]

  # A datastore's name takes no hyphens.
  lake_datastores = merge(
    { for container, id in module.data_lake.container_ids : replace(container, "-", "_") => id if !contains(local.blob_containers, container) },
    local.reads_production ? { production = "${local.production_lake_id}/blobServices/default/containers/curated" } : {},
  )

  own_data = merge(
    { for container, id in module.data_lake.container_ids : replace(container, "-", "_") => { kind = "blob", id = id } if contains(local.blob_containers, container) },
    try(coalesce(local.config.data.sources), {}),
    try(coalesce(local.config.data.targets), {}),
  )

  # IDs: /subscriptions/2/resourceGroups/4/providers/Microsoft.Storage/storageAccounts/8/blobServices/default/containers/12, and
  # WORKSPACE/LAKEHOUSE in OneLake.
  own_datastores = {
    for name, source in local.own_data : name => {
      blob = {
        datastoreType  = "AzureBlob"
        subscriptionId = try(split("/", source.id)[2], null)
        resourceGroup  = try(split("/", source.id)[4], null)
        accountName    = try(split("/", source.id)[8], null)
        containerName  = try(split("/", source.id)[12], null)
      }
      adls = {
        datastoreType  = "AzureDataLakeGen2"
        subscriptionId = try(split("/", source.id)[2], null)
        resourceGroup  = try(split("/", source.id)[4], null)
        accountName    = try(split("/", source.id)[8], null)
        filesystem     = try(split("/", source.id)[12], null)
      }
      onelake = {
        datastoreType        = "OneLake"
        oneLakeWorkspaceName = try(split("/", source.id)[0], null)
        artifact             = { artifactType = "LakeHouse", artifactName = try(split("/", source.id)[1], null) }
      }
    }[source.kind]
  }
}

resource "azurerm_machine_learning_datastore_datalake_gen2" "main" {
  for_each = local.lake_datastores

  name                  = each.key
  workspace_id          = azurerm_machine_learning_workspace.main.id
  storage_container_id  = each.value
  service_data_identity = "None"
}

# azurerm has no OneLake, and wants a key for Blob storage.
resource "azapi_resource" "datastore" {
  for_each = local.own_datastores

  type      = "Microsoft.MachineLearningServices/workspaces/datastores@2025-06-01"
  name      = each.key
  parent_id = azurerm_machine_learning_workspace.main.id

  # Azure would look into the storage with an identity that may not have its role yet.
  create_query_parameters = { skipValidation = ["true"] }
  update_query_parameters = { skipValidation = ["true"] }

  body = {
    properties = merge(each.value, {
      credentials                   = { credentialsType = "None" }
      serviceDataAccessAuthIdentity = "None"
    })
  }
}
