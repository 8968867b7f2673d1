variable "placement" {
  type = object({
    resource_group_name = string
    location            = string
    tags                = map(string)
  })
  description = "Required. Where the resources stand, and their tags."
}

variable "workspace_name" {
  type        = string
  description = "Required. Name of the workspace, of which the endpoints' names are made."
}

variable "subnet_id" {
  type        = string
  description = "Required. Resource ID of the subnet that the endpoints are put into."
}

variable "zone_ids" {
  type        = list(string)
  description = "Required. Resource IDs of your privatelink zones; none where a policy registers the endpoints."
}

variable "endpoints" {
  type = map(object({
    resource_id = string
    subresource = string
    zones       = list(string)
  }))
  description = "Required. What is reached: a resource, its part, and the zones that Azure resolves its public names through."
}
