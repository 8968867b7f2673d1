# What leaves Azure, for whom, and by which address.

mock_provider "azurerm" {
  source = "./tests/mocks/azurerm"
}

mock_provider "azapi" {
  source = "./tests/mocks/azapi"
}

run "github_in_dev" {
  command = apply

  variables {
    environment   = "dev"
    config_folder = "tests/configs/public"
  }

  assert {
    condition     = module.events[0].subscriptions == { model-registered = "Microsoft.MachineLearningServices.ModelRegistered" }
    error_message = "Dev must tell of models that are registered, and of nothing else."
  }

  assert {
    condition     = module.events[0].subjects["model-registered"] == tolist(["models/example-model:"])
    error_message = "Dev must tell of the project's own model."
  }

  assert {
    condition     = contains(keys(module.events[0].definitions.workflow.parameters), "workspaceId") && keys(module.events[0].definitions.receiver.parameters) == ["workflowUrl"]
    error_message = "The Logic App must act, and the other one take in."
  }

  assert {
    condition     = module.alerts.logic_apps == [module.events[0].logic_app.id]
    error_message = "Alerts must reach the Logic App."
  }

  assert {
    condition = module.events[0].parameters == {
      environment     = "dev"
      workspaceId     = module.workspace.id
      dataLakeId      = module.data_lake.id
      model           = "example-model"
      coolDownMinutes = 60
      repository      = "example/project"
      tokenUri        = "https://${basename(module.key_vault.id)}.vault.azure.net/secrets/github-token?api-version=7.4"
    }
    error_message = "The Logic App must know the environment, the repository and where the token is."
  }
}

run "github_in_prod" {
  command = plan

  variables {
    environment   = "prod"
    config_folder = "tests/configs/public"
  }

  assert {
    condition     = keys(module.events[0].subscriptions) == ["data-arrived", "monitor-breach"]
    error_message = "Prod must tell of new data and of breaches: its own models are candidates of nothing."
  }

  assert {
    condition     = module.events[0].subjects["data-arrived"] == tolist(["/blobServices/default/containers/curated/", "/_SUCCESS"]) && length(module.events[0].subjects["monitor-breach"]) == 0
    error_message = "Prod must tell of the blob that completes a delivery."
  }
}

run "github_in_a_closed_network" {
  command = plan

  variables {
    environment   = "staging"
    config_folder = "tests/configs/closed_github"
  }

  assert {
    condition     = length(module.events) == 0 && length(module.alerts.logic_apps) == 0 && !contains(keys(module.alerts.thresholds), "RunsFailed")
    error_message = "Without a key vault that the Logic App reaches, no event can leave, and nothing must be built for it."
  }

  assert {
    condition     = module.alerts.receivers == ["mlops@example.com"]
    error_message = "Alerts must reach the mailbox all the same."
  }
}

run "github_in_a_closed_network_with_a_token_of_yours" {
  command = apply

  variables {
    environment   = "prod"
    config_folder = "tests/configs/closed_github"
  }

  assert {
    condition     = module.events[0].parameters.tokenUri == "https://kv-token.vault.azure.net/secrets/github-token?api-version=7.4"
    error_message = "The token must be read from the key vault of the configuration."
  }
}

run "azure_devops_in_staging" {
  command = apply

  variables {
    environment   = "staging"
    config_folder = "tests/configs/closed"
  }

  assert {
    condition     = keys(module.events[0].subscriptions) == ["model-registered", "monitor-breach"]
    error_message = "Staging must tell of models and of breaches."
  }

  assert {
    condition = module.events[0].parameters == {
      environment     = "staging"
      workspaceId     = module.workspace.id
      dataLakeId      = module.data_lake.id
      model           = "example-model"
      coolDownMinutes = 60
      organisation    = "example"
      project         = "department"
      pipelines       = { model_registered = 11, monitor_breach = 12, data_arrived = 13 }
      workItemType    = "Issue"
    }
    error_message = "The Logic App must know the organisation, the project and the pipelines, and no token."
  }
}

run "azure_devops_without_a_pipeline" {
  command = plan

  variables {
    environment   = "prod"
    config_folder = "tests/configs/closed"
  }

  assert {
    condition     = module.events[0].subscriptions == { data-arrived = "Microsoft.Storage.BlobCreated" }
    error_message = "An event without a pipeline must not be heard."
  }
}

run "events_of_staging" {
  command = apply

  module {
    source = "./modules/events"
  }

  override_resource {
    target = azapi_resource.receiver
    values = {
      id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example/providers/Microsoft.Logic/workflows/logic-example-in"
    }
  }

  override_data {
    target = data.azapi_resource_action.receiver_callback
    values = {
      sensitive_output = { value = "https://logic.example/in?sig=stand-in" }
    }
  }

  variables {
    placement         = { resource_group_name = "rg-example", location = "westeurope", tags = { project = "example" } }
    environment       = "staging"
    names             = { logic_app = "logic-example", workspace_events = "evgt-example", lake_events = "evgt-lake-example" }
    resource_group_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example"
    workspace_id      = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example/providers/Microsoft.MachineLearningServices/workspaces/mlw-example"
    data_lake_id      = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example/providers/Microsoft.Storage/storageAccounts/dlsexample"
    definitions       = { workflow = { triggers = { event = {} } }, receiver = { triggers = { event = { kind = "Http" } } } }
    parameters        = { environment = "staging" }
    heard             = ["model-registered", "monitor-breach", "data-arrived"]
    model             = "example-model"
    data_arrived      = { container = "curated", suffix = "/_SUCCESS" }
    log_analytics_id  = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example/providers/Microsoft.OperationalInsights/workspaces/log-example"
  }

  assert {
    condition     = azapi_resource.logic_app.type == "Microsoft.Logic/workflows@2019-05-01" && azapi_resource.logic_app.name == "logic-example" && azapi_resource.logic_app.parent_id == "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example" && azapi_resource.logic_app.location == "westeurope"
    error_message = "The Logic App must stand in the environment's resource group."
  }

  assert {
    condition     = azapi_resource.logic_app.identity[0].type == "SystemAssigned"
    error_message = "The Logic App must act as its own identity."
  }

  assert {
    condition     = azapi_resource.logic_app.body.properties == { state = "Enabled", definition = { triggers = { event = {} } }, parameters = { environment = { value = "staging" } } }
    error_message = "The Logic App must be what its file and its parameters say."
  }

  assert {
    condition     = azapi_resource.receiver.type == "Microsoft.Logic/workflows@2019-05-01" && azapi_resource.receiver.name == "logic-example-in" && azapi_resource.receiver.parent_id == azapi_resource.logic_app.parent_id && length(azapi_resource.receiver.identity) == 0
    error_message = "What takes events in must need no identity."
  }

  assert {
    condition     = azapi_resource.receiver.body.properties == { state = "Enabled", definition = { triggers = { event = { kind = "Http" } } }, parameters = { workflowUrl = { value = "https://logic.example/event?sig=stand-in" } } }
    error_message = "What takes events in must hand them to the Logic App."
  }

  assert {
    condition     = data.azapi_resource_action.callback.resource_id == "${azapi_resource.logic_app.id}/triggers/event" && data.azapi_resource_action.receiver_callback.resource_id == "${azapi_resource.receiver.id}/triggers/event"
    error_message = "An address must be that of its Logic App's only trigger."
  }

  assert {
    condition     = alltrue([for callback in [data.azapi_resource_action.callback, data.azapi_resource_action.receiver_callback] : callback.action == "listCallbackUrl" && callback.response_export_values == null])
    error_message = "Addresses must be read as secrets."
  }

  assert {
    condition     = [for setting in azurerm_monitor_diagnostic_setting.main : [for log in setting.enabled_log : log.category]] == [["WorkflowRuntime"], ["WorkflowRuntime"]] && toset([for setting in azurerm_monitor_diagnostic_setting.main : setting.target_resource_id]) == toset([azapi_resource.logic_app.id, azapi_resource.receiver.id])
    error_message = "Runs of both Logic Apps must be logged."
  }

  assert {
    condition = { for name, topic in azurerm_eventgrid_system_topic.main : name => [topic.name, topic.topic_type, topic.source_resource_id, topic.location] } == {
      workspace = ["evgt-example", "Microsoft.MachineLearningServices.Workspaces", "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example/providers/Microsoft.MachineLearningServices/workspaces/mlw-example", "westeurope"]
      lake      = ["evgt-lake-example", "Microsoft.Storage.StorageAccounts", "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example/providers/Microsoft.Storage/storageAccounts/dlsexample", "westeurope"]
    }
    error_message = "Events must come from the workspace and from the data lake."
  }

  assert {
    condition     = { for name, subscription in azurerm_eventgrid_system_topic_event_subscription.main : name => subscription.system_topic } == { model-registered = "evgt-example", monitor-breach = "evgt-example" }
    error_message = "Staging must hear of models and of breaches, both of the workspace."
  }

  assert {
    condition     = alltrue([for subscription in azurerm_eventgrid_system_topic_event_subscription.main : subscription.webhook_endpoint[0].url == "https://logic.example/in?sig=stand-in" && subscription.webhook_endpoint[0].max_events_per_batch == 1])
    error_message = "Each event must be sent to what takes events in, alone."
  }

  assert {
    condition     = alltrue([for subscription in azurerm_eventgrid_system_topic_event_subscription.main : subscription.event_delivery_schema == "EventGridSchema" && subscription.retry_policy[0].max_delivery_attempts == 30 && subscription.retry_policy[0].event_time_to_live == 1440])
    error_message = "An event must be sent again for a day, in the form that the Logic App reads."
  }

  assert {
    condition     = azurerm_eventgrid_system_topic_event_subscription.main["model-registered"].included_event_types == tolist(["Microsoft.MachineLearningServices.ModelRegistered"]) && azurerm_eventgrid_system_topic_event_subscription.main["model-registered"].subject_filter[0].subject_begins_with == "models/example-model:" && azurerm_eventgrid_system_topic_event_subscription.main["model-registered"].subject_filter[0].subject_ends_with == null
    error_message = "Only new versions of the project's model must be heard of."
  }

  assert {
    condition     = [for filter in azurerm_eventgrid_system_topic_event_subscription.main["model-registered"].advanced_filter[0].string_in : "${filter.key}: ${join(", ", filter.values)}"] == ["data.ModelTags.gate: passed, overridden"] && length(azurerm_eventgrid_system_topic_event_subscription.main["model-registered"].advanced_filter[0].string_contains) == 0
    error_message = "Only models that passed the gate, or were let through, must be promoted."
  }

  assert {
    condition     = azurerm_eventgrid_system_topic_event_subscription.main["monitor-breach"].included_event_types == tolist(["Microsoft.MachineLearningServices.RunStatusChanged"]) && length(azurerm_eventgrid_system_topic_event_subscription.main["monitor-breach"].subject_filter) == 0
    error_message = "A breach must be heard of whichever run found it."
  }

  assert {
    condition     = [for filter in azurerm_eventgrid_system_topic_event_subscription.main["monitor-breach"].advanced_filter[0].string_contains : "${filter.key}: ${join(", ", filter.values)}"] == ["data.RunTags.azureml_modelmonitor_threshold_breached: has failed due to one or more features violating metric thresholds"] && length(azurerm_eventgrid_system_topic_event_subscription.main["monitor-breach"].advanced_filter[0].string_in) == 0
    error_message = "Of all runs, only those of monitors that found a breach must be heard of."
  }

  assert {
    condition     = issensitive(output.callback_url) && output.callback_url == "https://logic.example/event?sig=stand-in"
    error_message = "The Logic App's address must not be shown."
  }
}

run "events_of_prod" {
  command = plan

  module {
    source = "./modules/events"
  }

  variables {
    placement         = { resource_group_name = "rg-example", location = "westeurope", tags = {} }
    environment       = "prod"
    names             = { logic_app = "logic-example", workspace_events = "evgt-example", lake_events = "evgt-lake-example" }
    resource_group_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example"
    workspace_id      = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example/providers/Microsoft.MachineLearningServices/workspaces/mlw-example"
    data_lake_id      = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example/providers/Microsoft.Storage/storageAccounts/dlsexample"
    definitions       = { workflow = {}, receiver = {} }
    parameters        = {}
    heard             = ["model-registered", "data-arrived"]
    model             = "example-model"
    data_arrived      = { container = "curated", suffix = "/_SUCCESS" }
    log_analytics_id  = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example/providers/Microsoft.OperationalInsights/workspaces/log-example"
  }

  assert {
    condition     = { for name, subscription in azurerm_eventgrid_system_topic_event_subscription.main : name => subscription.system_topic } == { data-arrived = "evgt-lake-example" }
    error_message = "Prod must hear of new data, and of breaches where something waits for them."
  }

  assert {
    condition     = azurerm_eventgrid_system_topic_event_subscription.main["data-arrived"].included_event_types == tolist(["Microsoft.Storage.BlobCreated"]) && azurerm_eventgrid_system_topic_event_subscription.main["data-arrived"].subject_filter[0].subject_begins_with == "/blobServices/default/containers/curated/" && azurerm_eventgrid_system_topic_event_subscription.main["data-arrived"].subject_filter[0].subject_ends_with == "/_SUCCESS" && length(azurerm_eventgrid_system_topic_event_subscription.main["data-arrived"].advanced_filter) == 0
    error_message = "Only the blob that completes a delivery must be heard of."
  }
}
