variable "placement" {
  type = object({
    resource_group_name = string
    location            = string
    tags                = map(string)
  })
  description = "Required. Where the resources stand, and their tags."
}

variable "name" {
  type        = string
  description = "Required. Name of the container registry."
}

variable "sku" {
  type        = string
  description = "Required. Basic, Standard or Premium."
}

variable "closed" {
  type        = bool
  description = "Required. Whether the public endpoint is closed, so that only private endpoints answer."
}

variable "log_analytics_id" {
  type        = string
  description = "Required. Resource ID of the Log Analytics workspace that receives the logs."
}
