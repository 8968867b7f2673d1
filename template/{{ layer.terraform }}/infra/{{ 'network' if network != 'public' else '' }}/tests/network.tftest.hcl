# The network that all environments share.

mock_provider "azurerm" {}

run "subnet_and_zones" {
  command = plan

  variables {
    config_folder = "../tests/config"
  }

  assert {
    condition     = azurerm_subnet.endpoints.name == "endpoints" && azurerm_virtual_network.main.name == "vnet-example"
    error_message = "The other stacks find the subnet by these names."
  }

  assert {
    condition     = length(azurerm_private_dns_zone.main) == 7 && length(azurerm_private_dns_zone_virtual_network_link.main) == 7
    error_message = "Each zone of tables/network.yml must exist once, and be linked."
  }
}
