variable "placement" {
  type = object({
    resource_group_name = string
    location            = string
    tags                = map(string)
  })
  description = "Required. Where the resources stand, and their tags."
}

variable "log_analytics_name" {
  type        = string
  description = "Required. Name of the Log Analytics workspace."
}

variable "application_insights_name" {
  type        = string
  description = "Required. Name of the Application Insights component."
}

variable "retention_days" {
  type        = number
  description = "Required. Days for which logs are kept, 30 to 730."
}
