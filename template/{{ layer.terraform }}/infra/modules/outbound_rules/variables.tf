variable "workspace_id" {
  type        = string
  description = "Required. Resource ID of the workspace."
}

variable "private_endpoints" {
  type = map(object({
    resource_id = string
    subresource = string
  }))
  description = "Required. Resources, and parts of them, that computes reach through private endpoints."
}

variable "approved_hosts" {
  type        = set(string)
  description = "Required. Hosts that computes may reach beyond Azure."
}
