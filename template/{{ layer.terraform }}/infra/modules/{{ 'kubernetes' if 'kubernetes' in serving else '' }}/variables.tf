variable "config_file" {
  type        = string
  description = "Required. The configuration's name, for messages."
}

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
  description = "Required. Resource ID of the identity that endpoints act as."
}

variable "closed" {
  type        = bool
  description = "Required. Whether endpoints are reached from the cluster's network only."
}

variable "cluster" {
  type = object({
    cluster_id        = string
    namespace         = string
    host              = string
    tls_secret        = string
    high_availability = bool
  })
  description = "Required. The cluster, the namespace for deployments, the name and the secret of its TLS certificate, and whether it has three nodes to stay available."

  validation {
    condition     = can(regex("(?i)/providers/(Microsoft\\.ContainerService/managedClusters|Microsoft\\.Kubernetes/connectedClusters)/[^/]+$", var.cluster.cluster_id))
    error_message = "${var.config_file}: kubernetes.cluster_id: '${var.cluster.cluster_id}' is refused: must be the resource ID of an AKS cluster (.../Microsoft.ContainerService/managedClusters/NAME) or of one that Azure Arc connects (.../Microsoft.Kubernetes/connectedClusters/NAME)."
  }

  validation {
    condition     = var.cluster.host != null
    error_message = "${var.config_file}: kubernetes.host is missing: kubernetes.cluster_id is given, and endpoints need the name in the cluster's TLS certificate."
  }
}
