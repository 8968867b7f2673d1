# Stand-ins for what Azure says of the one who is signed in.

mock_data "azurerm_client_config" {
  defaults = {
    tenant_id       = "00000000-0000-0000-0000-000000000000"
    subscription_id = "00000000-0000-0000-0000-000000000000"
  }
}

mock_data "azurerm_resource_group" {
  defaults = {
    name = "rg-example-dev"
    id   = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example-dev"
  }
}
