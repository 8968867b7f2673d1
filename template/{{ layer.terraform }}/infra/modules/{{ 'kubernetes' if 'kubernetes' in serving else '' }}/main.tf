# What Azure ML needs in a Kubernetes cluster (AKS, or any other that Azure Arc connects), and the cluster as a compute of the
# workspace. The namespace has to exist: Azure does not make it.

locals {
  arc = strcontains(lower(var.cluster.cluster_id), "/microsoft.kubernetes/connectedclusters/")
}

resource "azapi_resource" "extension" {
  type      = "Microsoft.KubernetesConfiguration/extensions@2024-11-01"
  name      = "azureml"
  parent_id = var.cluster.cluster_id

  # In AKS the extension acts as the cluster does.
  dynamic "identity" {
    for_each = local.arc ? ["SystemAssigned"] : []

    content {
      type = identity.value
    }
  }

  body = {
    properties = {
      extensionType           = "microsoft.azureml.kubernetes"
      autoUpgradeMinorVersion = true
      releaseTrain            = "stable"
      scope                   = { cluster = { releaseNamespace = "azureml" } }

      configurationSettings = merge(
        {
          enableTraining             = "false"
          enableInference            = "true"
          allowInsecureConnections   = "false"
          inferenceRouterServiceType = "LoadBalancer"
          inferenceRouterHA          = tostring(var.cluster.high_availability)
          sslCname                   = var.cluster.host
          sslSecret                  = var.cluster.tls_secret
        },
        # Reached from your network only, as the workspace is.
        var.closed ? { internalLoadBalancerProvider = "azure" } : {},
      )
    }
  }
}

resource "azapi_resource" "compute" {
  type      = "Microsoft.MachineLearningServices/workspaces/computes@2025-06-01"
  name      = "kubernetes"
  parent_id = var.workspace_id
  location  = var.placement.location
  tags      = var.placement.tags

  identity {
    type         = "UserAssigned"
    identity_ids = [var.identity_id]
  }

  body = {
    properties = {
      computeType      = "Kubernetes"
      resourceId       = var.cluster.cluster_id
      disableLocalAuth = true
      properties       = { namespace = var.cluster.namespace }
    }
  }

  depends_on = [azapi_resource.extension]
}
