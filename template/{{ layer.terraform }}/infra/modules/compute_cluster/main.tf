# Machines that jobs run on: none while there is no job.

resource "azurerm_machine_learning_compute_cluster" "main" {
  name                          = var.size.name
  location                      = var.placement.location
  machine_learning_workspace_id = var.workspace_id
  vm_size                       = var.size.vm_size
  vm_priority                   = "Dedicated"
  local_auth_enabled            = false
  ssh_public_access_enabled     = false
  node_public_ip_enabled        = !var.closed
  tags                          = var.placement.tags

  identity {
    type         = "UserAssigned"
    identity_ids = [var.identity_id]
  }

  scale_settings {
    min_node_count                       = 0
    max_node_count                       = var.size.max_nodes
    scale_down_nodes_after_idle_duration = "PT${var.size.idle_minutes}M"
  }
}
