# Stand-ins for what Azure would answer.

mock_data "azapi_resource_action" {
  defaults = {
    sensitive_output = {
      value = "https://logic.example/event?sig=stand-in"
    }
  }
}

mock_resource "azapi_resource" {
  defaults = {
    id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example/providers/Microsoft.Logic/workflows/logic-example"

    identity = {
      principal_id = "00000000-0000-0000-0000-0000000000a5"
    }
  }
}
