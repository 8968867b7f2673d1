variable "placement" {
  type = object({
    resource_group_name = string
    location            = string
    tags                = map(string)
  })
  description = "Required. Where the resources stand, and their tags."
}

variable "workspace_id" {
  type        = string
  description = "Required. Resource ID of the workspace."
}

variable "identity_id" {
  type        = string
  description = "Required. Resource ID of the identity that jobs act as."
}

variable "closed" {
  type        = bool
  description = "Required. Whether the nodes have no public addresses, as in the workspace's managed network."
}

variable "size" {
  type = object({
    name         = string
    vm_size      = string
    max_nodes    = number
    idle_minutes = number
  })
  description = "Required. The cluster's name, its machines, how many at most, and the minutes after which an idle one is given back."
}
