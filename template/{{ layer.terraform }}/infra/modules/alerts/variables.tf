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

variable "action_group_name" {
  type        = string
  description = "Required. Name of the action group."
}

variable "email" {
  type        = string
  description = "Required. Mailbox that alerts are sent to."
}

variable "workspace_name" {
  type        = string
  description = "Required. Name of the workspace, of which the alerts' names are made."
}

variable "workspace_id" {
  type        = string
  description = "Required. Resource ID of the workspace."
}

variable "resource_group_id" {
  type        = string
  description = "Required. Resource ID of the resource group whose costs are watched."
}

variable "monthly_budget" {
  type        = number
  description = "Required. What the resource group may cost a month, in the currency of the subscription; null for no budget."
}
