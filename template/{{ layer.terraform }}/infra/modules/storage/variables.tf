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
  description = "Required. Name of the storage account."
}

variable "replication" {
  type        = string
  description = "Required. How data is replicated, such as LRS."
}

variable "closed" {
  type        = bool
  description = "Required. Whether the public endpoint is closed, so that only private endpoints answer."
}

variable "hierarchical" {
  type        = bool
  description = "Optional. Whether it is a data lake: Data Lake Storage Gen2, with real folders."
  default     = false
}

variable "containers" {
  type        = set(string)
  description = "Optional. Containers to create."
  default     = []
}

variable "log_analytics_id" {
  type        = string
  description = "Required. Resource ID of the Log Analytics workspace that receives the logs."
}
