# A network of its own, where the configuration names none of yours: private endpoints stand in it, and the zones resolve their
# names there. Machines that need to reach them join it, for instance by peering or VPN.

resource "azurerm_virtual_network" "main" {
  name                = var.name
  resource_group_name = var.placement.resource_group_name
  location            = var.placement.location
  address_space       = [var.address_space]
  tags                = var.placement.tags
}

# Azure's own rules, which admit the virtual network and nothing of the internet.
resource "azurerm_network_security_group" "main" {
  name                = "nsg-${var.name}"
  resource_group_name = var.placement.resource_group_name
  location            = var.placement.location
  tags                = var.placement.tags
}

resource "azurerm_subnet" "endpoints" {
  name                              = "endpoints"
  resource_group_name               = var.placement.resource_group_name
  virtual_network_name              = azurerm_virtual_network.main.name
  address_prefixes                  = [var.address_space]
  default_outbound_access_enabled   = false
  private_endpoint_network_policies = "NetworkSecurityGroupEnabled" # otherwise the rules would not count for private endpoints
}

resource "azurerm_subnet_network_security_group_association" "endpoints" {
  subnet_id                 = azurerm_subnet.endpoints.id
  network_security_group_id = azurerm_network_security_group.main.id
}

resource "azurerm_private_dns_zone" "main" {
  for_each = var.zones

  name                = each.key
  resource_group_name = var.placement.resource_group_name
  tags                = var.placement.tags
}

resource "azurerm_private_dns_zone_virtual_network_link" "main" {
  for_each = var.zones

  name                 = var.workspace_name
  private_dns_zone_id  = azurerm_private_dns_zone.main[each.key].id
  virtual_network_id   = azurerm_virtual_network.main.id
  registration_enabled = false
  tags                 = var.placement.tags
}
