output "logic_app" {
  description = "The Logic App."
  value       = { id = azapi_resource.logic_app.id }
}

output "principal_id" {
  description = "Object ID of the Logic App's identity."
  value       = azapi_resource.logic_app.identity[0].principal_id
}

output "callback_url" {
  description = "The address that the Logic App is called at, which holds a key."
  value       = data.azapi_resource_action.callback.sensitive_output.value
  sensitive   = true
}

output "subscriptions" {
  description = "Types of the events that are heard, by name."
  value       = { for name, subscription in azurerm_eventgrid_system_topic_event_subscription.main : name => one(subscription.included_event_types) }
}

output "parameters" {
  description = "What the Logic App is told of its surroundings; none of it is a secret."
  value       = var.parameters
}

output "subjects" {
  description = "How the subjects of events that are heard begin and end, by name of the event."
  value = {
    for name, subscription in azurerm_eventgrid_system_topic_event_subscription.main :
    name => compact(flatten([for filter in subscription.subject_filter : [filter.subject_begins_with, filter.subject_ends_with]]))
  }
}

output "definitions" {
  description = "Definitions of the two Logic Apps."
  value       = var.definitions
}
