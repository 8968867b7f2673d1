# Stand-ins for what Azure answers.

mock_data "azapi_resource_action" {
  defaults = {
    sensitive_output = {
      value = "https://logic.example/event?sig=stand-in"
    }
  }
}

mock_resource "azapi_resource" {
  defaults = {
    output = {
      properties = {
        managedResourceGroup = {
          resourceId = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/mlr-example-managed"
        }
      }
    }
  }
}
