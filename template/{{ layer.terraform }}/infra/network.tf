# Closed networks: private endpoints for people and CI, and outbound rules for computes. tables/network.yml lists both, with their
# reasons.

locals {
  closed = module.configuration.closed[local.environment]
  mode   = local.config.network.mode

  # The namespace of Bicep's guid(), so that both languages give a resource the same name.
  guids = "11fb06fb-712d-4ddd-98c7-e71bbd588830"

  # A resource of yours has private endpoints of yours: another one would take over its name in your zones.
  given = [for on, id in { key_vault = local.existing.key_vault_id, container_registry = local.existing.container_registry_id, log_analytics = local.existing.log_analytics_id } : on if id != null]

  private_endpoints = { for row in local.networks.private_endpoints : row.name => row if contains(row.modes, local.mode) && !contains(local.given, row.on) }
  outbound_rules    = { for row in local.networks.outbound_rules : row.name => row if contains(row.modes, local.mode) && alltrue([for case in lookup(row, "when", []) : local.cases[case]]) && !contains(var.left_to_people.outbound_rules, row.name) }
  approved_hosts    = toset(try(coalesce(local.config.network.approved_hosts), []))

  subnet_id = module.configuration.subnet_ids[local.environment]
  zone_ids  = module.configuration.zone_ids[local.environment]

  # The resources that rows of tables/network.yml name.
  targets = {
    workspace          = azurerm_machine_learning_workspace.main.id
    storage            = module.storage.id
    data_lake          = module.data_lake.id
    container_registry = local.container_registry_id
    key_vault          = local.key_vault_id
    ml_registry        = local.ml_registry_id
    production_lake    = local.production_lake_id
  }
}

resource "azurerm_private_endpoint" "main" {
  for_each = local.private_endpoints

  name                = "pe-${local.names.workspace}-${each.key}"
  resource_group_name = local.placement.resource_group_name
  location            = local.placement.location
  subnet_id           = local.subnet_id
  tags                = local.placement.tags

  private_service_connection {
    name                           = each.key
    private_connection_resource_id = local.targets[each.value.on]
    subresource_names              = [each.value.subresource]
    is_manual_connection           = false
  }

  # Without zones, a policy of the organisation registers the endpoint.
  dynamic "private_dns_zone_group" {
    for_each = length(local.zone_ids) > 0 ? ["default"] : []

    content {
      name                 = private_dns_zone_group.value
      private_dns_zone_ids = [for zone in local.networks.zones[each.value.subresource] : local.zone_ids[zone]]
    }
  }
}

# By azapi: azurerm refuses a rule to an Azure ML registry, and rules that are made at the same time remove one another
# (azapi issue 453), which `locks` prevents. A rule takes about ten minutes more where it starts a firewall.
resource "azapi_resource" "outbound_rule" {
  for_each = local.outbound_rules

  type      = "Microsoft.MachineLearningServices/workspaces/outboundRules@2025-06-01"
  name      = each.key
  parent_id = azurerm_machine_learning_workspace.main.id
  locks     = [azurerm_machine_learning_workspace.main.id]

  body = {
    properties = {
      type     = "PrivateEndpoint"
      category = "UserDefined"
      destination = {
        serviceResourceId = local.targets[each.value.on]
        subresourceTarget = each.value.subresource
        sparkEnabled      = false
      }
    }
  }

  timeouts {
    create = "60m"
    update = "60m"
    delete = "60m"
  }

  # The workspace has to be allowed to approve the endpoints that these rules make.
  depends_on = [azurerm_role_assignment.main]
}

# The first such rule starts an Azure Firewall, which costs money by the hour.
resource "azapi_resource" "approved_host" {
  for_each = local.approved_hosts

  type      = "Microsoft.MachineLearningServices/workspaces/outboundRules@2025-06-01"
  name      = "host-${substr(uuidv5(local.guids, each.key), 0, 8)}"
  parent_id = azurerm_machine_learning_workspace.main.id
  locks     = [azurerm_machine_learning_workspace.main.id]

  body = {
    properties = {
      type        = "FQDN"
      category    = "UserDefined"
      destination = each.key
    }
  }

  timeouts {
    create = "60m"
    update = "60m"
    delete = "60m"
  }

  depends_on = [azurerm_role_assignment.main]
}
