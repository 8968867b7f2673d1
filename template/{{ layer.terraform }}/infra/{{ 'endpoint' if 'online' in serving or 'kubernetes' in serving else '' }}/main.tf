# The logs, alerts and scaling of one endpoint. A deployment makes the endpoint, and applies this afterwards.

variable "environment" {
  type        = string
  description = "Required. The environment of the endpoint."

  validation {
    condition     = fileexists("${path.module}/${var.config_folder}/${var.environment}.yml")
    error_message = "'${var.environment}' is no environment: config/ has no such file."
  }
}

variable "kind" {
  type        = string
  description = "Required. The kind of endpoint, online or kubernetes."

  validation {
    condition     = contains(["online", "kubernetes"], var.kind)
    error_message = "'${var.kind}' is no kind of endpoint: must be online or kubernetes."
  }

  validation {
    condition     = terraform.workspace == "default" || terraform.workspace == "${var.environment}-${var.kind}"
    error_message = "kind is '${var.kind}' and environment '${var.environment}' while the selected Terraform workspace is '${terraform.workspace}': one state must not hold two endpoints."
  }
}

variable "deployments" {
  type        = set(string)
  description = "Optional. Names of the deployments behind an online endpoint, whose machines Azure runs. Those on a cluster of yours have neither such alerts nor such scaling."
  default     = []

  validation {
    condition     = alltrue([for name in var.deployments : can(regex("^[A-Za-z][A-Za-z0-9-]{1,30}[A-Za-z0-9]$", name))])
    error_message = "'${join("', '", var.deployments)}' names a deployment that cannot be: a name must have 3 to 32 letters, digits and hyphens, and start with a letter."
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
      condition     = contains(keys(local.names), "${var.kind}_endpoint")
      error_message = "kind: '${var.kind}' is refused: config/${var.environment}.yml must name such an endpoint as ${var.kind}_endpoint."
    }
  }
}

locals {
  config  = module.configuration.environments[var.environment]
  names   = local.config.names
  tables  = yamldecode(file("${path.module}/../tables/alerts.yml"))
  logs    = yamldecode(file("${path.module}/../tables/logs.yml"))
  numbers = merge(local.config.thresholds, local.config.online)

  endpoint         = lookup(local.names, "${var.kind}_endpoint", null)
  group_id         = "/subscriptions/${data.azurerm_client_config.current.subscription_id}/resourceGroups/${local.names.resource_group}"
  endpoint_id      = "${local.group_id}/providers/Microsoft.MachineLearningServices/workspaces/${local.names.workspace}/onlineEndpoints/${local.endpoint}"
  action_group_id  = "${local.group_id}/providers/Microsoft.Insights/actionGroups/${local.names.action_group}"
  log_analytics_id = try(coalesce(local.config.existing.log_analytics_id), "${local.group_id}/providers/Microsoft.OperationalInsights/workspaces/${local.names.log_analytics}")

  of_endpoint   = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints"
  of_deployment = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/deployments"

  deployment_ids = { for name in var.deployments : name => "${local.endpoint_id}/deployments/${name}" if var.kind == "online" }

  # Each alert by its name in Azure.
  alerts = merge(
    {
      for row in local.tables.endpoint : "${row.name}-${local.endpoint}" => {
        row        = row
        scope      = local.endpoint_id
        namespace  = local.of_endpoint
        dimensions = merge({ for name in lookup(row, "split", []) : name => ["*"] }, lookup(row, "only", {}))
      }
    },
    [
      for deployment, id in local.deployment_ids : {
        for row in local.tables.deployment : "${row.name}-${local.endpoint}-${deployment}" => {
          row        = row
          scope      = id
          namespace  = local.of_deployment
          dimensions = {}
        } if try(local.config.online.gpu, false) || !lookup(row, "gpu", false)
      }
    ]...
  )
}

# An endpoint does not inherit the workspace's.
resource "azurerm_monitor_diagnostic_setting" "main" {
  name                       = "log-analytics"
  target_resource_id         = local.endpoint_id
  log_analytics_workspace_id = local.log_analytics_id

  dynamic "enabled_log" {
    for_each = toset(local.logs.endpoint.categories)

    content {
      category = enabled_log.value
    }
  }
}

resource "azurerm_monitor_metric_alert" "main" {
  for_each = local.alerts

  name                = each.key
  resource_group_name = local.names.resource_group
  description         = "${each.value.row.text} ${each.value.row.look}"
  scopes              = [each.value.scope]
  severity            = 2
  frequency           = "PT5M"
  window_size         = "PT15M"
  tags                = local.config.tags

  criteria {
    metric_namespace = each.value.namespace
    metric_name      = each.value.row.metric
    aggregation      = each.value.row.aggregation
    operator         = each.value.row.operator
    threshold        = try(tonumber(each.value.row.threshold), local.numbers[each.value.row.threshold])

    dynamic "dimension" {
      for_each = each.value.dimensions

      content {
        name     = dimension.key
        operator = "Include"
        values   = dimension.value
      }
    }
  }

  action {
    action_group_id = local.action_group_id
  }
}

# How many machines a deployment has: more when they are busy or slow, fewer when they idle.
resource "azurerm_monitor_autoscale_setting" "main" {
  for_each = local.deployment_ids

  name                = "autoscale-${local.endpoint}-${each.key}"
  resource_group_name = local.names.resource_group
  location            = local.config.environment.location
  target_resource_id  = each.value
  tags                = local.config.tags

  profile {
    name = "load"

    capacity {
      default = local.config.online.min_instances
      minimum = local.config.online.min_instances
      maximum = local.config.online.max_instances
    }

    dynamic "rule" {
      for_each = local.tables.scaling

      content {
        metric_trigger {
          metric_resource_id = rule.value.of == "endpoint" ? local.endpoint_id : each.value
          metric_namespace   = rule.value.of == "endpoint" ? local.of_endpoint : local.of_deployment
          metric_name        = rule.value.metric
          operator           = rule.value.operator
          threshold          = local.numbers[rule.value.threshold]
          statistic          = "Average"
          time_aggregation   = "Average"
          time_grain         = "PT1M"
          time_window        = rule.value.window

          # Of the endpoint's metrics, those of this deployment: another one may be slow while this one has no requests.
          dynamic "dimensions" {
            for_each = rule.value.of == "endpoint" ? ["deployment"] : []

            content {
              name     = dimensions.value
              operator = "Equals"
              values   = [each.key]
            }
          }
        }

        scale_action {
          type      = "ChangeCount"
          direction = rule.value.direction
          value     = 1
          cooldown  = rule.value.cooldown
        }
      }
    }
  }
}
