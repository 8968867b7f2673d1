# When the owner is told of the endpoint, from the numbers under `thresholds` in the configuration: averages over a quarter of an
# hour.

locals {
  # `only`: dimensions; a deployment is watched apart from the others.
  endpoint_alerts = {
    latency         = { metric = "RequestLatency_P95", threshold = local.thresholds.latency_p95_ms, only = {}, text = "One request in twenty waits longer than it should, in milliseconds." }
    server-errors   = { metric = "RequestsPerMinute", threshold = local.thresholds.errors_per_minute, only = { statusCodeClass = "5xx" }, text = "The endpoint fails to answer requests." }
    data-collection = { metric = "DataCollectionErrorsPerMinute", threshold = 0, only = {}, text = "Requests and answers are not collected: monitors will miss them." }
  }
}

resource "azurerm_monitor_metric_alert" "endpoint" {
  for_each = local.endpoint_alerts

  name                = "${each.key}-${local.endpoint}"
  resource_group_name = local.names.resource_group
  description         = each.value.text
  scopes              = [local.endpoint_id]
  severity            = 2
  frequency           = "PT5M"
  window_size         = "PT15M"
  tags                = local.tags

  criteria {
    metric_namespace = local.of_endpoint
    metric_name      = each.value.metric
    aggregation      = "Average"
    operator         = "GreaterThan"
    threshold        = each.value.threshold

    dynamic "dimension" {
      for_each = merge({ deployment = "*" }, each.value.only)

      content {
        name     = dimension.key
        operator = "Include"
        values   = [dimension.value]
      }
    }
  }

  action {
    action_group_id = local.action_group_id
  }
}
