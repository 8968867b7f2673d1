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

variable "zones" {
  type        = map(list(string))
  description = "Required. Names of the zones that Azure resolves public names through, by the part of a resource."
}

variable "zone_ids" {
  type        = map(string)
  description = "Required. Resource IDs of the privatelink zones by name; none where a policy registers the endpoints."
}

variable "endpoints" {
  type = map(object({
    resource_id = string
    subresource = string
  }))
  description = "Required. What is reached: a resource, and its part."
}
