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
  description = "Required. Name of the workspace."
}

variable "storage_account_id" {
  type        = string
  description = "Required. Resource ID of the storage account that keeps code, logs and models."
}

variable "key_vault_id" {
  type        = string
  description = "Required. Resource ID of the key vault."
}

variable "container_registry_id" {
  type        = string
  description = "Required. Resource ID of the container registry."
}

variable "application_insights_id" {
  type        = string
  description = "Required. Resource ID of the Application Insights component."
}

variable "identity_id" {
  type        = string
  description = "Required. Resource ID of the identity that monitors and jobs without a cluster act as."
}

variable "image_build_compute" {
  type        = string
  description = "Required. Name of the cluster that builds images; null where the container registry builds them."
}

variable "closed" {
  type        = bool
  description = "Required. Whether the public endpoint is closed, so that only private endpoints answer."
}

variable "isolation_mode" {
  type        = string
  description = "Required. What the managed network lets computes reach: Disabled, AllowInternetOutbound or AllowOnlyApprovedOutbound."
}

variable "datastores" {
  type        = map(string)
  description = "Optional. Resource IDs of the data lake's containers by the name of their datastore."
  default     = {}
}

variable "log_analytics_id" {
  type        = string
  description = "Required. Resource ID of the Log Analytics workspace that receives the logs."
}
