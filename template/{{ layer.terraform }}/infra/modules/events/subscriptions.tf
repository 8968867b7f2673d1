# Which events are heard, and where they come from. Azure sends nothing else.

locals {
  topics = {
    workspace = { name = var.names.workspace_events, type = "Microsoft.MachineLearningServices.Workspaces", source = var.workspace_id }
    lake      = { name = var.names.lake_events, type = "Microsoft.Storage.StorageAccounts", source = var.data_lake_id }
  }

  # The filters work on what Azure ML writes: a model's tag `gate`, which training sets, and the text in the tag of a monitor's breach.
  subscriptions = {
    model-registered = {
      in      = ["dev", "staging"]
      topic   = "workspace"
      type    = "Microsoft.MachineLearningServices.ModelRegistered"
      subject = { begins = "models/${var.model}:", ends = null }
      is      = { "data.ModelTags.gate" = ["passed", "overridden"] }
      has     = {}
    }
    monitor-breach = {
      in      = ["staging", "prod"]
      topic   = "workspace"
      type    = "Microsoft.MachineLearningServices.RunStatusChanged"
      subject = null
      is      = {}
      has     = { "data.RunTags.azureml_modelmonitor_threshold_breached" = ["has failed due to one or more features violating metric thresholds"] }
    }
    data-arrived = {
      in      = ["prod"]
      topic   = "lake"
      type    = "Microsoft.Storage.BlobCreated"
      subject = { begins = "/blobServices/default/containers/${var.data_arrived.container}/", ends = var.data_arrived.suffix }
      is      = {}
      has     = {}
    }
  }
}

resource "azurerm_eventgrid_system_topic" "main" {
  for_each = local.topics

  name                = each.value.name
  resource_group_name = var.placement.resource_group_name
  location            = var.placement.location
  topic_type          = each.value.type
  source_resource_id  = each.value.source
  tags                = var.placement.tags
}

resource "azurerm_eventgrid_system_topic_event_subscription" "main" {
  for_each = {
    for name, subscription in local.subscriptions : name => subscription
    if contains(subscription.in, var.environment) && contains(var.heard, name)
  }

  name                  = each.key
  system_topic          = azurerm_eventgrid_system_topic.main[each.value.topic].name
  resource_group_name   = var.placement.resource_group_name
  event_delivery_schema = "EventGridSchema"
  included_event_types  = [each.value.type]

  webhook_endpoint {
    url                  = data.azapi_resource_action.receiver_callback.sensitive_output.value
    max_events_per_batch = 1
  }

  retry_policy {
    max_delivery_attempts = 30
    event_time_to_live    = 1440
  }

  dynamic "subject_filter" {
    for_each = each.value.subject[*]

    content {
      subject_begins_with = subject_filter.value.begins
      subject_ends_with   = subject_filter.value.ends
    }
  }

  dynamic "advanced_filter" {
    for_each = length(each.value.is) + length(each.value.has) > 0 ? ["tags"] : []

    content {
      dynamic "string_in" {
        for_each = each.value.is

        content {
          key    = string_in.key
          values = string_in.value
        }
      }

      dynamic "string_contains" {
        for_each = each.value.has

        content {
          key    = string_contains.key
          values = string_contains.value
        }
      }
    }
  }
}
