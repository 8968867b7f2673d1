# Machines that jobs run on, none while there is no job, and machines for notebooks.

locals {
  clusters = { for cluster in [local.config.cpu_cluster, local.config.gpu_cluster] : cluster.name => cluster if try(cluster.name, null) != null }
}

# Made after the rules of the managed network: the first cluster joins the network as it is then.
resource "azurerm_machine_learning_compute_cluster" "main" {
  for_each = local.clusters

  name                          = each.key
  location                      = local.placement.location
  machine_learning_workspace_id = azurerm_machine_learning_workspace.main.id
  vm_size                       = each.value.vm_size
  vm_priority                   = "Dedicated"
  local_auth_enabled            = false
  ssh_public_access_enabled     = false
  node_public_ip_enabled        = !local.closed
  tags                          = local.placement.tags

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.main["jobs"].id]
  }

  scale_settings {
    min_node_count                       = 0
    max_node_count                       = each.value.max_nodes
    scale_down_nodes_after_idle_duration = "PT${each.value.idle_minutes}M"
  }

  depends_on = [azapi_resource.outbound_rule, azapi_resource.approved_host]
}

# One for each person, who alone may use it and acts as themselves there. By azapi: azurerm cannot stop an idle machine, and
# wants a subnet for one without a public address.
resource "azapi_resource" "workstation" {
  for_each = try(coalesce(local.config.workstations.people), {})

  type      = "Microsoft.MachineLearningServices/workspaces/computes@2026-05-01"
  name      = substr("${each.key}-${reverse(split("-", local.names.workspace))[0]}", 0, 24) # unique in the region
  parent_id = azurerm_machine_learning_workspace.main.id
  location  = local.placement.location
  tags      = local.placement.tags

  # The first stable version with idleTimeBeforeShutdown, which azapi may not know yet.
  schema_validation_enabled = false

  body = {
    properties = {
      computeType      = "ComputeInstance"
      computeLocation  = local.placement.location
      disableLocalAuth = true

      properties = {
        vmSize                           = local.config.workstations.vm_size
        enableNodePublicIp               = !local.closed
        idleTimeBeforeShutdown           = "PT${local.config.workstations.idle_minutes}M"
        sshSettings                      = { sshPublicAccess = "Disabled" }
        applicationSharingPolicy         = "Personal"
        computeInstanceAuthorizationType = "personal"
        personalComputeInstanceSettings  = { assignedUser = { objectId = each.value, tenantId = data.azurerm_client_config.current.tenant_id } }
      }
    }
  }

  depends_on = [azapi_resource.outbound_rule, azapi_resource.approved_host]
}
