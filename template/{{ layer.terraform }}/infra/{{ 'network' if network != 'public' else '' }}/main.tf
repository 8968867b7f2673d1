# A virtual network for the private endpoints of all environments and the registry, with the private DNS zones that resolve
# their names: for teams that have none. Machines that need to reach the endpoints join it, by peering or VPN. There is one set
# of zones, since a network can be linked to one zone of a name.

variable "config_folder" {
  type        = string
  description = "Optional. The folder with common.yml and a file for each environment, relative to this one."
  default     = "../../config"
}

module "configuration" {
  source = "../modules/configuration"

  folder = "${path.module}/${var.config_folder}"
}

locals {
  config  = module.configuration.environments["prod"]
  network = local.config.network
  zones   = toset(flatten(values(yamldecode(file("${path.module}/../tables/network.yml")).zones)))

  placement = {
    resource_group_name = local.network.resource_group
    location            = local.config.environment.location
    tags                = { for name, value in local.config.tags : name => value if name != "environment" }
  }
}

resource "azurerm_virtual_network" "main" {
  name                = local.network.name
  resource_group_name = local.placement.resource_group_name
  location            = local.placement.location
  address_space       = [local.network.address_space]
  tags                = local.placement.tags

  lifecycle {
    precondition {
      condition     = try(local.network.address_space, null) != null
      error_message = "config/common.yml: network.address_space is missing: this stack builds a virtual network. A subnet of yours, network.subnet_id, needs no such stack."
    }
  }
}

# Azure's own rules, which admit the virtual network and nothing of the internet.
resource "azurerm_network_security_group" "main" {
  name                = "nsg-${local.network.name}"
  resource_group_name = local.placement.resource_group_name
  location            = local.placement.location
  tags                = local.placement.tags
}

resource "azurerm_subnet" "endpoints" {
  name                              = "endpoints"
  resource_group_name               = local.placement.resource_group_name
  virtual_network_name              = azurerm_virtual_network.main.name
  address_prefixes                  = [local.network.address_space]
  default_outbound_access_enabled   = false
  private_endpoint_network_policies = "NetworkSecurityGroupEnabled" # otherwise the rules would not count for private endpoints
}

resource "azurerm_subnet_network_security_group_association" "endpoints" {
  subnet_id                 = azurerm_subnet.endpoints.id
  network_security_group_id = azurerm_network_security_group.main.id
}

resource "azurerm_private_dns_zone" "main" {
  for_each = local.zones

  name                = each.key
  resource_group_name = local.placement.resource_group_name
  tags                = local.placement.tags
}

resource "azurerm_private_dns_zone_virtual_network_link" "main" {
  for_each = local.zones

  name                 = local.network.name
  private_dns_zone_id  = azurerm_private_dns_zone.main[each.key].id
  virtual_network_id   = azurerm_virtual_network.main.id
  registration_enabled = false
  tags                 = local.placement.tags
}

output "subnet_id" {
  description = "Resource ID of the subnet for private endpoints."
  value       = azurerm_subnet_network_security_group_association.endpoints.subnet_id
}

output "virtual_network_id" {
  description = "Resource ID of the virtual network, to peer yours with."
  value       = azurerm_virtual_network.main.id
}
