# What computes in the managed network reach, apart from what Azure Machine Learning allows by itself.

resource "azurerm_machine_learning_workspace_network_outbound_rule_private_endpoint" "main" {
  for_each = var.private_endpoints

  name                = each.key
  workspace_id        = var.workspace_id
  service_resource_id = each.value.resource_id
  sub_resource_target = each.value.subresource
  spark_enabled       = false
}

# The first such rule starts an Azure Firewall, which costs money by the hour.
resource "azurerm_machine_learning_workspace_network_outbound_rule_fqdn" "main" {
  for_each = var.approved_hosts

  name             = "host-${substr(uuidv5("11fb06fb-712d-4ddd-98c7-e71bbd588830", each.key), 0, 8)}" # the namespace of Bicep's guid()
  workspace_id     = var.workspace_id
  destination_fqdn = each.key
}
