# What leaves Azure: one Logic App hears of events and alerts, and starts a pipeline or opens an issue. It acts as its own identity.

resource "azapi_resource" "logic_app" {
  type      = "Microsoft.Logic/workflows@2019-05-01"
  name      = var.names.logic_app
  parent_id = var.resource_group_id
  location  = var.placement.location
  tags      = var.placement.tags

  identity {
    type = "SystemAssigned"
  }

  body = {
    properties = {
      state      = "Enabled"
      definition = var.definition
      parameters = { for name, value in var.parameters : name => { value = value } }
    }
  }
}

# The address that the Logic App is called at. It holds a key: who knows it can call, so that it is no output of a plan.
data "azapi_resource_action" "callback" {
  type                             = "Microsoft.Logic/workflows/triggers@2019-05-01"
  resource_id                      = "${azapi_resource.logic_app.id}/triggers/event"
  action                           = "listCallbackUrl"
  sensitive_response_export_values = ["value"]
}

resource "azurerm_monitor_diagnostic_setting" "main" {
  name                       = "log-analytics"
  target_resource_id         = azapi_resource.logic_app.id
  log_analytics_workspace_id = var.log_analytics_id

  enabled_log {
    category = "WorkflowRuntime"
  }
}
