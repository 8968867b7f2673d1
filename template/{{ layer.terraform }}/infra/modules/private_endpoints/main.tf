# How people and CI reach closed resources from your network.

resource "azurerm_private_endpoint" "main" {
  for_each = var.endpoints

  name                = "pe-${var.workspace_name}-${each.key}"
  resource_group_name = var.placement.resource_group_name
  location            = var.placement.location
  subnet_id           = var.subnet_id
  tags                = var.placement.tags

  private_service_connection {
    name                           = each.key
    private_connection_resource_id = each.value.resource_id
    subresource_names              = [each.value.subresource]
    is_manual_connection           = false
  }

  # Without zones of its own, a policy of the organisation registers the endpoint.
  dynamic "private_dns_zone_group" {
    for_each = length(var.zone_ids) > 0 ? ["default"] : []

    content {
      name                 = private_dns_zone_group.value
      private_dns_zone_ids = [for zone in var.zones[each.value.subresource] : var.zone_ids[zone]]
    }
  }
}
