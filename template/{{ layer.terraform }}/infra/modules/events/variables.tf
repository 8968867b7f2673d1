variable "placement" {
  type = object({
    resource_group_name = string
    location            = string
    tags                = map(string)
  })
  description = "Required. Where the resources stand, and their tags."
}

variable "environment" {
  type        = string
  description = "Required. The environment: dev, staging or prod."
}

variable "names" {
  type = object({
    logic_app        = string
    workspace_events = string
    lake_events      = string
  })
  description = "Required. Names of the Logic App and of the topics for events of the workspace and of the data lake."
}

variable "resource_group_id" {
  type        = string
  description = "Required. Resource ID of the resource group."
}

variable "workspace_id" {
  type        = string
  description = "Required. Resource ID of the workspace."
}

variable "data_lake_id" {
  type        = string
  description = "Required. Resource ID of the data lake."
}

variable "definitions" {
  type        = any
  description = "Required. Definitions of the Logic App (workflow) and of the one that takes events in (receiver); the trigger of both is called event."
}

variable "parameters" {
  type        = any
  description = "Required. Values of the workflow's parameters by name; none is a secret."
}

variable "heard" {
  type        = set(string)
  description = "Required. Events that something waits for: model-registered, monitor-breach, data-arrived."
}

variable "model" {
  type        = string
  description = "Required. Registered name of the model whose new versions are heard of."
}

variable "data_arrived" {
  type = object({
    container = string
    suffix    = string
  })
  description = "Required. The blob that completes a delivery of data: its container, and how its name ends."
}

variable "log_analytics_id" {
  type        = string
  description = "Required. Resource ID of the Log Analytics workspace that receives the logs."
}
