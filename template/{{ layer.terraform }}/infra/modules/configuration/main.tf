# config/common.yml and each config/<environment>.yml as one configuration, and what is refused before anything is built.
# It needs no provider: `terraform plan` in this folder checks a configuration alone.

variable "folder" {
  type        = string
  description = "Required. The folder with common.yml and one <environment>.yml for each environment."

  validation {
    condition     = fileexists("${var.folder}/common.yml")
    error_message = "'${var.folder}' is no configuration folder: it must hold common.yml and a file for each environment."
  }
}

variable "environment" {
  type        = string
  description = "Optional. The environment whose configuration is checked; null: all."
  default     = null
}

variable "subscription_id" {
  type        = string
  description = "Optional. The subscription of the environments, which holds the network that infra/network/ builds."
  default     = "00000000-0000-0000-0000-000000000000"
}

locals {
  # A section that neither file has is empty.
  sections = [
    "environment", "names", "network", "existing", "sizes", "cpu_cluster", "gpu_cluster", "workstations", "online", "kubernetes",
    "thresholds", "data_lake", "data", "registry", "ci", "groups", "alerts", "tags", "state",
  ]

  common = yamldecode(file("${var.folder}/common.yml"))

  # The other files of the folder describe no environment.
  files = { for file in fileset(var.folder, "*.yml") : trimsuffix(file, ".yml") => yamldecode(file("${var.folder}/${file}")) }
  own   = { for name, content in local.files : name => content if can(content.environment.name) }

  # Section by section: a key of the environment replaces the same key of common.yml, null and lists included.
  environments = {
    for name, own in local.own : name => {
      for section in setunion(local.sections, keys(local.common), keys(own)) :
      section => merge(try(local.common[section], {}), try(own[section], {}))
    }
  }

  zones = toset(flatten(values(yamldecode(file("${path.module}/../../tables/network.yml")).zones)))

  networks = {
    for name, config in local.environments : name => {
      closed        = config.network.mode != "public"
      subnet_id     = try(config.network.subnet_id, null)
      address_space = try(config.network.address_space, null)
      zone_ids      = { for id in try(coalesce(config.network.private_dns_zone_ids), []) : basename(id) => id }
    }
  }

  # The network of infra/network/ has Azure's own names, so that no stack has to read the state of another.
  built = {
    for name, config in local.environments : name =>
    "/subscriptions/${var.subscription_id}/resourceGroups/${try(config.network.resource_group, "")}/providers/Microsoft.Network"
  }

  clusters = "(?i)/providers/(Microsoft\\.ContainerService/managedClusters|Microsoft\\.Kubernetes/connectedClusters)/[^/]+$"
  blobs    = "(?i)^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\\.Storage/storageAccounts/[^/]+/blobServices/default/containers/[^/]+$"

  checks = {
    for name, config in local.environments : name => concat(
      [
        {
          refused = config.environment.name != name
          reason  = try("environment.name: '${config.environment.name}' is refused: must be '${name}', as the file is called.", "")
        },
        {
          refused = !contains(["public", "managed", "isolated"], config.network.mode)
          reason  = "network.mode: '${config.network.mode}' is refused: must be public, managed or isolated."
        },
        {
          refused = local.networks[name].closed && local.networks[name].subnet_id == null && local.networks[name].address_space == null
          reason  = "network.subnet_id is missing: mode '${config.network.mode}' closes the public endpoints, so the workspace is reached through private endpoints in a subnet of yours, or in the network that network.address_space gives."
        },
        {
          refused = local.networks[name].subnet_id != null && local.networks[name].address_space != null
          reason  = try("network.address_space: '${local.networks[name].address_space}' is refused: must be null where network.subnet_id names a subnet of yours.", "")
        },
        {
          refused = local.networks[name].address_space != null && length(local.networks[name].zone_ids) > 0
          reason  = "network.private_dns_zone_ids is refused: it must be empty where network.address_space is given, whose network gets zones of its own."
        },
        {
          refused = length(local.networks[name].zone_ids) > 0 && length(setsubtract(local.zones, keys(local.networks[name].zone_ids))) > 0
          reason  = "network.private_dns_zone_ids lacks ${join(" and ", setsubtract(local.zones, keys(local.networks[name].zone_ids)))}: list all zones, or none where a policy registers the endpoints."
        },
        {
          refused = local.networks[name].closed && try(config.existing.container_registry_id, null) == null && config.sizes.container_registry_sku != "Premium"
          reason  = "sizes.container_registry_sku: '${config.sizes.container_registry_sku}' is refused: mode '${config.network.mode}' needs Premium, the only one with private endpoints."
        },
        {
          refused = length(try(coalesce(config.network.approved_hosts), [])) > 0 && config.network.mode != "isolated"
          reason  = "network.approved_hosts is refused: mode '${config.network.mode}' does not limit what computes reach."
        },
        {
          refused = length(distinct(compact(values(try(config.ci.subjects, {}))))) < length(compact(values(try(config.ci.subjects, {}))))
          reason  = "ci.subjects is refused: each identity must have a subject of its own, or whoever may use one may use the other."
        },
        {
          refused = try(config.kubernetes.cluster_id, null) != null && !can(regex(local.clusters, config.kubernetes.cluster_id))
          reason  = try("kubernetes.cluster_id: '${config.kubernetes.cluster_id}' is refused: must be the resource ID of an AKS cluster (.../Microsoft.ContainerService/managedClusters/NAME) or of one that Azure Arc connects (.../Microsoft.Kubernetes/connectedClusters/NAME).", "")
        },
        {
          refused = try(config.kubernetes.cluster_id, null) != null && try(config.kubernetes.host, null) == null
          reason  = "kubernetes.host is missing: kubernetes.cluster_id is given, and endpoints need the name in the cluster's TLS certificate."
        },
        {
          refused = length(setsubtract(config.data.production_access, keys(local.own))) > 0
          reason  = "data.production_access: '${join("', '", setsubtract(config.data.production_access, keys(local.own)))}' is refused: must name environments."
        },
      ],
      [
        for section in setsubtract(keys(config), local.sections) : {
          refused = true
          reason  = "${section} is refused: there is no such section."
        }
      ],
      [
        for key, source in merge(try(coalesce(config.data.sources), {}), try(coalesce(config.data.targets), {})) : {
          refused = !contains(["blob", "adls", "onelake"], source.kind) || (source.kind != "onelake" && !can(regex(local.blobs, source.id)))
          reason  = "data: '${key}' is refused: must have kind blob or adls and the resource ID of a container (.../storageAccounts/NAME/blobServices/default/containers/NAME), or kind onelake."
        }
      ],
    )
  }

  problems = flatten([
    for name in coalescelist(compact([var.environment]), keys(local.own)) :
    [for check in local.checks[name] : "config/${name}.yml: ${check.reason}" if check.refused]
  ])
}

output "environments" {
  description = "The configuration of each environment, by its name; each section is there."
  value       = local.environments

  precondition {
    condition     = length(local.problems) == 0
    error_message = join("\n", local.problems)
  }
}

output "closed" {
  description = "Whether the public endpoints of an environment are closed, by its name."
  value       = { for name, network in local.networks : name => network.closed }
}

output "subnet_ids" {
  description = "Resource IDs of the subnets for private endpoints, by environment; null in public networks."
  value = {
    for name, network in local.networks : name =>
    network.address_space == null ? network.subnet_id : "${local.built[name]}/virtualNetworks/${local.environments[name].network.name}/subnets/endpoints"
  }
}

output "zone_ids" {
  description = "Resource IDs of the private DNS zones by environment and zone; none where a policy registers the endpoints."
  value = {
    for name, network in local.networks : name => merge(
      network.zone_ids,
      { for zone in local.zones : zone => "${local.built[name]}/privateDnsZones/${zone}" if network.address_space != null },
    )
  }
}
