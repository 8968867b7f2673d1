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

  clusters   = "(?i)^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/(Microsoft\\.ContainerService/managedClusters|Microsoft\\.Kubernetes/connectedClusters)/[^/]+$"
  containers = "(?i)^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\\.Storage/storageAccounts/[^/]+/blobServices/default/containers/[^/]+$"

  # What would do harm in an apply; `mlops check` knows more. Sentences are the same.
  checks = {
    for name, config in local.environments : name => concat(
      [
        {
          key     = "environment.name"
          refused = config.environment.name != name
          reason  = "'${config.environment.name}' is refused: must be '${name}', as in the file's name"
        },
        {
          key     = "network.mode"
          refused = !contains(["public", "managed", "isolated"], config.network.mode)
          reason  = "'${config.network.mode}' is refused: input should be 'public', 'managed' or 'isolated'"
        },
        {
          key     = "network.subnet_id"
          refused = local.networks[name].closed && local.networks[name].subnet_id == null && local.networks[name].address_space == null
          reason  = "is missing: mode '${config.network.mode}' closes the public endpoints, and the workspace is reached through private endpoints in a subnet of yours, or in the network that address_space describes"
        },
        {
          key     = "network.subnet_id"
          refused = local.networks[name].subnet_id != null && local.networks[name].address_space != null
          reason  = "is refused: address_space builds a network with zones of its own"
        },
        {
          key     = "network.private_dns_zone_ids"
          refused = local.networks[name].address_space != null && length(local.networks[name].zone_ids) > 0
          reason  = "is refused: address_space builds a network with zones of its own"
        },
        {
          key     = "network.private_dns_zone_ids"
          refused = length(local.networks[name].zone_ids) > 0 && length(local.missing_zones[name]) > 0
          reason  = "${join(", ", local.missing_zones[name])} missing: give all zones, or none where a policy registers the endpoints"
        },
        {
          key     = "network.approved_hosts"
          refused = length(try(coalesce(config.network.approved_hosts), [])) > 0 && config.network.mode != "isolated"
          reason  = "is refused: mode '${config.network.mode}' does not limit the addresses that computes reach"
        },
        {
          key     = "sizes.container_registry_sku"
          refused = local.networks[name].closed && try(config.existing.container_registry_id, null) == null && config.sizes.container_registry_sku != "Premium"
          reason  = "'${config.sizes.container_registry_sku}' is refused: network.mode '${config.network.mode}' needs 'Premium', the only one with private endpoints"
        },
        {
          key     = "kubernetes.cluster_id"
          refused = try(config.kubernetes.cluster_id, null) != null && !can(regex(local.clusters, config.kubernetes.cluster_id))
          reason  = "is refused: write the resource ID of a cluster: '/subscriptions/.../Microsoft.ContainerService/managedClusters/...' or '.../Microsoft.Kubernetes/connectedClusters/...'"
        },
        {
          key     = "kubernetes.host"
          refused = try(config.kubernetes.cluster_id, null) != null && try(config.kubernetes.host, null) == null
          reason  = "is missing: the name in the TLS certificate that the cluster answers with"
        },
      ],
      [
        for environment in setsubtract(try(config.data.production_access, []), keys(local.own)) : {
          key     = "data.production_access"
          refused = true
          reason  = "'${environment}' is refused: environments are ${join(", ", keys(local.own))}"
        }
      ],
      [
        for who, subject in try(config.ci.subjects, {}) : {
          key     = "ci.subjects.${who}"
          refused = length([for other in local.subjects : other if other == subject]) > 1
          reason  = "'${subject}' is refused: another identity has it, and each identity needs its own"
        } if subject != null
      ],
      [
        for key, store in merge(try(coalesce(config.data.sources), {}), try(coalesce(config.data.targets), {})) : {
          key     = "data.${contains(keys(try(coalesce(config.data.sources), {})), key) ? "sources" : "targets"}.${key}"
          refused = !contains(["blob", "adls", "onelake"], store.kind) || (store.kind != "onelake" && !can(regex(local.containers, store.id)))
          reason  = "is refused: must have kind blob or adls and the resource ID of a container, or kind onelake"
        }
      ],
    )
  }

  subjects      = flatten([for config in local.environments : compact(values(try(config.ci.subjects, {})))])
  missing_zones = { for name, network in local.networks : name => setsubtract(local.zones, keys(network.zone_ids)) }

  problems = concat(
    [
      for section in setsubtract(flatten([keys(local.common), [for own in local.own : keys(own)]]), local.sections) :
      "config: ${section}: unknown key; known: ${join(", ", local.sections)}"
    ],
    flatten([
      for name in coalescelist(compact([var.environment]), keys(local.own)) : [
        for check in local.checks[name] :
        "config/${can(local.own[name][split(".", check.key)[0]][split(".", check.key)[1]]) ? name : "common"}.yml: ${check.key}: ${check.reason}"
        if check.refused
      ]
    ]),
  )
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
