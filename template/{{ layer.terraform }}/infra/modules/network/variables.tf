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
  description = "Required. Name of the virtual network."
}

variable "address_space" {
  type        = string
  description = "Required. Its addresses, such as 10.20.0.0/24."
}

variable "zones" {
  type        = set(string)
  description = "Required. Names of the privatelink zones."
}

variable "workspace_name" {
  type        = string
  description = "Required. Name of the workspace, after which the zones' links are called."
}
