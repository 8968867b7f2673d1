# How many machines a deployment has: more when they are busy or slow, fewer when they idle.

resource "azurerm_monitor_autoscale_setting" "main" {
  for_each = local.deployment_ids

  name                = "autoscale-${local.endpoint}-${each.key}"
  resource_group_name = local.names.resource_group
  location            = local.config.location
  target_resource_id  = each.value
  tags                = local.tags

  profile {
    name = "load"

    capacity {
      default = local.online.min_instances
      minimum = local.online.min_instances
      maximum = local.online.max_instances
    }

    dynamic "rule" {
      for_each = [
        { metric = "CpuUtilizationPercentage", of = "deployment", operator = "GreaterThan", threshold = local.online.scale_out_percent, window = "PT5M", direction = "Increase", cooldown = "PT5M" },
        { metric = "RequestLatency_P95", of = "endpoint", operator = "GreaterThan", threshold = local.thresholds.latency_p95_ms, window = "PT5M", direction = "Increase", cooldown = "PT5M" },
        { metric = "CpuUtilizationPercentage", of = "deployment", operator = "LessThan", threshold = local.online.scale_in_percent, window = "PT15M", direction = "Decrease", cooldown = "PT15M" },
      ]

      content {
        metric_trigger {
          metric_resource_id = rule.value.of == "endpoint" ? local.endpoint_id : each.value
          metric_namespace   = rule.value.of == "endpoint" ? local.of_endpoint : local.of_deployment
          metric_name        = rule.value.metric
          operator           = rule.value.operator
          threshold          = rule.value.threshold
          statistic          = "Average"
          time_aggregation   = "Average"
          time_grain         = "PT1M"
          time_window        = rule.value.window
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
