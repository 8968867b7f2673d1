# Azure ML on a Kubernetes cluster of yours (AKS, or one that Azure Arc connects): its extension once, and the cluster as the
# compute `kubernetes` of every environment that names it. The namespace has to exist: Azure does not make it.

variable "environment" {
  type        = string
  description = "Required. The environment whose cluster this is; others that share it are attached as well."

  validation {
    condition     = contains(["default", var.environment], terraform.workspace)
    error_message = "environment is '${var.environment}' while the selected Terraform workspace is '${terraform.workspace}': one state must not hold two clusters."
  }

  validation {
    condition     = fileexists("${path.module}/${var.config_folder}/${var.environment}.yml")
    error_message = "'${var.environment}' is no environment: config/ has no such file."
  }
}

variable "config_folder" {
  type        = string
  description = "Optional. The folder with common.yml and a file for each environment, relative to this one."
  default     = "../../config"
}

module "configuration" {
  source = "../modules/configuration"

  folder      = "${path.module}/${var.config_folder}"
  environment = var.environment
}

data "azurerm_client_config" "current" {
  lifecycle {
    precondition {
      condition     = local.cluster_id != null
      error_message = "config/${var.environment}.yml: kubernetes.cluster_id is missing: this stack installs Azure ML on a cluster of yours."
    }
  }
}

locals {
  config     = module.configuration.environments[var.environment]
  cluster    = local.config.kubernetes
  cluster_id = try(local.cluster.cluster_id, null)
  arc        = strcontains(lower(coalesce(local.cluster_id, "none")), "/microsoft.kubernetes/connectedclusters/")
  alerts     = yamldecode(file("${path.module}/../tables/alerts.yml"))
  tags       = { for name, value in local.config.tags : name => value if name != "environment" }

  # The environments that use the cluster. Where one is reached from a network only, so is the cluster.
  attached = {
    for name, config in module.configuration.environments : name => config
    if lower(coalesce(try(config.kubernetes.cluster_id, null), "none")) == lower(coalesce(local.cluster_id, "missing"))
  }
  closed = anytrue([for name, config in local.attached : module.configuration.closed[name]])

  # The cluster's own resource group, where its alerts stand.
  resource_group = try(split("/", local.cluster_id)[4], "none")
  watched        = try(local.cluster.log_analytics_id, null) != null
  namespaces     = join(", ", [for name in sort(distinct([for config in local.attached : config.kubernetes.namespace])) : "\"${name}\""])

  extension = {
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
          inferenceRouterHA          = tostring(local.cluster.high_availability)
          sslCname                   = local.cluster.host
          sslSecret                  = local.cluster.tls_secret
        },
        # AKS puts the router behind an internal load balancer; in an Arc cluster its own configuration decides that.
        local.closed && !local.arc ? { internalLoadBalancerProvider = "azure" } : {},
      )
    }
  }
}

# Two resources, as the type has no identity in AKS, where the extension acts as the cluster does.
resource "azapi_resource" "extension_on_aks" {
  count = local.arc ? 0 : 1

  type      = "Microsoft.KubernetesConfiguration/extensions@2024-11-01"
  name      = "azureml"
  parent_id = local.cluster_id
  body      = local.extension
}

resource "azapi_resource" "extension_on_arc" {
  count = local.arc ? 1 : 0

  type      = "Microsoft.KubernetesConfiguration/extensions@2024-11-01"
  name      = "azureml"
  parent_id = local.cluster_id
  body      = local.extension

  identity {
    type = "SystemAssigned"
  }
}

resource "azapi_resource" "compute" {
  for_each = local.attached

  type      = "Microsoft.MachineLearningServices/workspaces/computes@2025-06-01"
  name      = "kubernetes"
  parent_id = "/subscriptions/${data.azurerm_client_config.current.subscription_id}/resourceGroups/${each.value.names.resource_group}/providers/Microsoft.MachineLearningServices/workspaces/${each.value.names.workspace}"
  location  = each.value.environment.location
  tags      = each.value.tags

  identity {
    type         = "UserAssigned"
    identity_ids = ["/subscriptions/${data.azurerm_client_config.current.subscription_id}/resourceGroups/${each.value.names.resource_group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${each.value.names.identity_endpoint}"]
  }

  body = {
    properties = {
      computeType      = "Kubernetes"
      resourceId       = local.cluster_id
      disableLocalAuth = true
      properties = {
        namespace     = each.value.kubernetes.namespace
        instanceTypes = { for name, resources in each.value.kubernetes.instance_types : name => { resources = resources } }
      }
    }
  }

  depends_on = [azapi_resource.extension_on_aks, azapi_resource.extension_on_arc]
}

resource "azurerm_monitor_action_group" "main" {
  count = local.watched ? 1 : 0

  name                = "ag-${basename(local.cluster_id)}"
  resource_group_name = local.resource_group
  short_name          = "ml-cluster"
  tags                = local.tags

  email_receiver {
    name                    = "owner"
    email_address           = local.config.alerts.email
    use_common_alert_schema = true
  }
}

# As in alerts.tf: the query says how far it looks back, and its table may not be there yet.
resource "azurerm_monitor_scheduled_query_rules_alert_v2" "main" {
  for_each = { for row in local.alerts.cluster : row.name => row if local.watched }

  name                    = "${each.key}-${basename(local.cluster_id)}"
  display_name            = "${each.key}-${basename(local.cluster_id)}"
  resource_group_name     = local.resource_group
  location                = local.config.environment.location
  description             = "${each.value.text} ${each.value.look}"
  scopes                  = [local.cluster.log_analytics_id]
  severity                = 2
  evaluation_frequency    = "PT${each.value.minutes}M"
  window_duration         = "P2D"
  auto_mitigation_enabled = true
  skip_query_validation   = true
  tags                    = local.tags

  criteria {
    query                   = replace(replace(each.value.query, "{cluster}", basename(local.cluster_id)), "{namespaces}", local.namespaces)
    time_aggregation_method = "Count"
    operator                = "GreaterThan"
    threshold               = 0
  }

  action {
    action_groups = [azurerm_monitor_action_group.main[0].id]
  }
}

output "environments" {
  description = "The environments in whose workspaces the cluster is the compute `kubernetes`."
  value       = keys(local.attached)
}
