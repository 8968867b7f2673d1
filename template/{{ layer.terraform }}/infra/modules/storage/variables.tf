variable "placement" {
  type = object({
    resource_group_name = string
    location            = string
    tags                = map(string)
  })
  description = "Required. The resource group, the region and the tags of the account."
}

variable "name" {
  type        = string
  description = "Required. Name of the account."
}

variable "replication" {
  type        = string
  description = "Required. How copies are kept, such as LRS or ZRS."
}

variable "hierarchical" {
  type        = bool
  description = "Optional. Whether the account has real folders, as a data lake."
  default     = false
}

variable "containers" {
  type        = set(string)
  description = "Optional. Names of the containers."
  default     = []
}

variable "retention_days" {
  type        = map(number)
  description = "Optional. Days after their last change for which blobs are kept, by container, or by container and folder; a container without a number keeps everything."
  default     = {}
}

variable "closed" {
  type        = bool
  description = "Required. Whether private endpoints alone lead to the account, beside `admitted_ids`."
}

variable "admitted_ids" {
  type        = list(string)
  description = "Optional. IDs of the resources that a closed account admits through its public endpoint, by their identity."
  default     = []
}

variable "log_analytics_id" {
  type        = string
  description = "Required. Resource ID of the Log Analytics workspace that receives the logs."
}

variable "log_categories" {
  type        = set(string)
  description = "Required. Categories of the logs of blobs."
}
