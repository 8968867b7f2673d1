# What leaves Azure: a Logic App hears of events and alerts, and starts a pipeline or opens an issue. It acts as its own identity.
# A second one takes events in: Event Grid wants an answer, which a workflow that takes one event after the other cannot give.

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
      definition = var.definitions.workflow
      parameters = { for name, value in var.parameters : name => { value = value } }
    }
  }
}

resource "azapi_resource" "receiver" {
  type      = "Microsoft.Logic/workflows@2019-05-01"
  name      = "${var.names.logic_app}-in"
  parent_id = var.resource_group_id
  location  = var.placement.location
  tags      = var.placement.tags

  body = {
    properties = {
      state      = "Enabled"
      definition = var.definitions.receiver
      parameters = { workflowUrl = { value = data.azapi_resource_action.callback.sensitive_output.value } }
    }
  }
}

# The addresses that both are called at. Each holds a key: who knows it can call, so that no plan shows it.
data "azapi_resource_action" "callback" {
  type                             = "Microsoft.Logic/workflows/triggers@2019-05-01"
  resource_id                      = "${azapi_resource.logic_app.id}/triggers/event"
  action                           = "listCallbackUrl"
  sensitive_response_export_values = ["value"]
}

data "azapi_resource_action" "receiver_callback" {
  type                             = "Microsoft.Logic/workflows/triggers@2019-05-01"
  resource_id                      = "${azapi_resource.receiver.id}/triggers/event"
  action                           = "listCallbackUrl"
  sensitive_response_export_values = ["value"]
}

resource "azurerm_monitor_diagnostic_setting" "main" {
  for_each = { workflow = azapi_resource.logic_app.id, receiver = azapi_resource.receiver.id }

  name                       = "log-analytics"
  target_resource_id         = each.value
  log_analytics_workspace_id = var.log_analytics_id

  enabled_log {
    category = "WorkflowRuntime"
  }
}
