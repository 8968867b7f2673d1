# What config/<environment>.yml says, the resource group it names, and what is refused before anything is built.

locals {
  environment = coalesce(var.environment, terraform.workspace)
  config_file = "config/${local.environment}.yml"
  config      = yamldecode(file("${path.module}/${var.config_folder}/${local.environment}.yml"))

  names    = local.config.names
  sizes    = local.config.sizes
  tags     = try(local.config.tags, {})
  location = local.config.location

  # Only a project whose models need one has it.
  gpu_cluster = try(local.config.gpu_cluster, null)

  # Whom the CI's tokens must name, once that is known.
  trust = lookup({
    github = try(local.config.ci.subject_prefix, null) == null ? null : {
      issuer  = "https://token.actions.githubusercontent.com"
      subject = "${local.config.ci.subject_prefix}:environment:${local.environment}"
    }
    azure_devops = try(local.config.ci.subject, null) == null ? null : {
      issuer  = local.config.ci.issuer
      subject = local.config.ci.subject
    }
  }, local.config.ci.system, null)

  assign_roles          = try(local.config.assign_roles, true)
  create_resource_group = try(local.config.create_resource_group, true)
  resource_group        = one(concat(azurerm_resource_group.main, data.azurerm_resource_group.given))

  placement = {
    resource_group_name = local.resource_group.name
    location            = local.location
    tags                = local.tags
  }
}

resource "azurerm_resource_group" "main" {
  count = local.create_resource_group ? 1 : 0

  name     = local.names.resource_group
  location = local.location
  tags     = local.tags
}

data "azurerm_resource_group" "given" {
  count = local.create_resource_group ? 0 : 1

  name = local.names.resource_group
}

data "azurerm_client_config" "current" {
  lifecycle {
    precondition {
      condition     = local.config.environment == local.environment
      error_message = "${local.config_file}: environment: '${local.config.environment}' is refused: must be '${local.environment}', as the file is called."
    }

    precondition {
      condition     = contains(["github", "azure_devops"], local.config.ci.system)
      error_message = "${local.config_file}: ci.system: '${local.config.ci.system}' is refused: must be github or azure_devops."
    }

    precondition {
      condition     = local.isolation_mode != null
      error_message = "${local.config_file}: network.mode: '${local.config.network.mode}' is refused: must be public, managed or isolated."
    }

    precondition {
      condition     = !local.closed || local.subnet_id != null || local.address_space != null
      error_message = "${local.config_file}: network.subnet_id is missing: mode '${local.config.network.mode}' closes the public endpoints, so the workspace is reached through private endpoints in a subnet of yours, or in a network of its own that network.address_space gives."
    }

    precondition {
      condition     = !local.closed || local.subnet_id == null || local.address_space == null
      error_message = "${local.config_file}: network.address_space: '${coalesce(local.address_space, "null")}' is refused: must be null where network.subnet_id names a subnet of yours."
    }

    precondition {
      condition     = !local.builds_network || length(local.zone_ids) == 0
      error_message = "${local.config_file}: network.private_dns_zone_ids is refused: it must be empty where network.address_space is given, whose network gets zones of its own."
    }

    precondition {
      condition     = length(local.zone_ids) == 0 || length(local.missing_zones) == 0
      error_message = "${local.config_file}: network.private_dns_zone_ids lacks ${join(" and ", local.missing_zones)}: list all zones, or none where a policy registers the endpoints."
    }

    precondition {
      condition     = !local.closed || local.sizes.container_registry_sku == "Premium"
      error_message = "${local.config_file}: sizes.container_registry_sku: '${local.sizes.container_registry_sku}' is refused: mode '${local.config.network.mode}' needs Premium, the only one with private endpoints."
    }

    precondition {
      condition     = length(local.approved_hosts) == 0 || local.config.network.mode == "isolated"
      error_message = "${local.config_file}: network.approved_hosts is refused: mode '${local.config.network.mode}' does not limit what computes reach."
    }

    precondition {
      condition     = local.closed || local.token_vault_id == null
      error_message = "${local.config_file}: events.token_vault_id: '${coalesce(local.token_vault_id, "null")}' is refused: it is for closed networks; in mode 'public' the token must be in the environment's own key vault."
    }

    precondition {
      condition     = contains(local.config.data_lake.containers, local.config.events.data_arrived.container)
      error_message = "${local.config_file}: events.data_arrived.container: '${local.config.events.data_arrived.container}' is refused: must be one of data_lake.containers."
    }

    precondition {
      condition     = length(local.repository) == lookup({ github = 2, azure_devops = 3 }, local.config.ci.system, 0)
      error_message = "${local.config_file}: ci.repository: '${local.config.ci.repository}' is refused: must be owner/name on GitHub, and organisation/project/repository on Azure DevOps."
    }
  }
}
