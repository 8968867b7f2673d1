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
    action_group      = string
    action_group_mail = string
    workspace         = string
  })
  description = "Required. Names of the two action groups, and of the workspace, of which the alerts' names are made."
}

variable "email" {
  type        = string
  description = "Required. Mailbox that alerts are sent to."
}

variable "workspace_id" {
  type        = string
  description = "Required. Resource ID of the workspace."
}

variable "quota_percent" {
  type        = number
  description = "Required. Share of a quota, in percent, above which an alert is raised."
}

variable "logic_app" {
  type = object({
    id = string
  })
  description = "Required. The Logic App that makes issues of alerts; null where none does."
}

variable "callback_url" {
  type        = string
  description = "Required. The address that the Logic App is called at, which holds a key; null without a Logic App."
  sensitive   = true
}

variable "resource_group_id" {
  type        = string
  description = "Required. Resource ID of the resource group whose costs are watched."
}

variable "monthly_budget" {
  type        = number
  description = "Required. What the resource group may cost a month, in the currency of the subscription; null for no budget."
}
