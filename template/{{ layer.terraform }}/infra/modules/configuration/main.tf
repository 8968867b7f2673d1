# config/common.yml and each config/<environment>.yml as one configuration, and the mistakes that stop a plan.
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
    "thresholds", "data_lake", "data", "monitors", "retraining", "batch", "rollout", "registry", "ci", "groups", "alerts",
    "watch", "tags", "state",
  ]

  # Beside common.yml, the files that name an environment.
  files  = { for file in fileset(var.folder, "*.yml") : trimsuffix(file, ".yml") => yamldecode(file("${var.folder}/${file}")) }
  common = local.files["common"]
  own    = { for name, content in local.files : name => content if can(content.environment.name) }

  # Section by section: a key of the environment replaces the same key of common.yml, null and lists included.
  environments = {
    for name, own in local.own : name => {
      for section in local.sections :
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

  clusters = "(?i)^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/(Microsoft\\.ContainerService/managedClusters|Microsoft\\.Kubernetes/connectedClusters)/[^/]+$"
  given = {
    log_analytics_id      = "Microsoft.OperationalInsights/workspaces"
    container_registry_id = "Microsoft.ContainerRegistry/registries"
    key_vault_id          = "Microsoft.KeyVault/vaults"
  }

  # The subjects that identities trust, by environment and identity.
  trusting = ["ci", "infrastructure", "plan", "watch"]
  subjects = {
    for name, config in local.environments : name => {
      for who, subject in try(config.ci.subjects, {}) : who => "${try(coalesce(config.ci.subject_prefix), "")}${subject}" if subject != null
    }
  }

  missing_zones = { for name, network in local.networks : name => setsubtract(local.zones, keys(network.zone_ids)) }

  # Mistakes that would do harm in an apply. `mlops check` finds more, and says the same of these.
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
          refused = length(local.networks[name].zone_ids) > 0 && local.networks[name].address_space != null
          reason  = "is refused: address_space builds a network with zones of its own"
        },
        {
          key     = "network.private_dns_zone_ids"
          refused = length(local.networks[name].zone_ids) > 0 && length(local.missing_zones[name]) > 0
          reason  = "lacks ${join(" and ", local.missing_zones[name])}: list all zones, or none where a policy registers the endpoints"
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
          key     = "workstations.people"
          refused = length(try(coalesce(config.workstations.people), {})) > 0 && name != "dev"
          reason  = "is refused: only dev has workstations: write it into the file of dev"
        },
        {
          key     = "online.max_instances"
          refused = try(config.online.max_instances < config.online.min_instances, false)
          reason  = try("${config.online.max_instances} is refused: min_instances is ${config.online.min_instances}", "")
        },
        {
          key     = "online.scale_in_percent"
          refused = try(2 * config.online.scale_in_percent > config.online.scale_out_percent, false)
          reason  = try("${config.online.scale_in_percent} is refused: must be at most half of scale_out_percent, or two machines that become one are too busy at once", "")
        },
        {
          key     = "kubernetes.cluster_id"
          refused = !can(regex(local.clusters, config.kubernetes.cluster_id)) && try(config.kubernetes.cluster_id, null) != null
          reason  = try("'${config.kubernetes.cluster_id}' is refused: write the resource ID of a cluster: '/subscriptions/.../Microsoft.ContainerService/managedClusters/...' or '.../Microsoft.Kubernetes/connectedClusters/...'", "")
        },
        {
          key     = "kubernetes.host"
          refused = try(config.kubernetes.cluster_id, null) != null && try(config.kubernetes.host, null) == null
          reason  = "is missing: the name in the TLS certificate that the cluster answers with"
        },
      ],
      [
        for key, kind in local.given : {
          key     = "existing.${key}"
          refused = try(config.existing[key], null) != null && !can(regex("(?i)^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/${kind}/[^/]+$", config.existing[key]))
          reason  = try("'${config.existing[key]}' is refused: write the resource ID: '/subscriptions/.../resourceGroups/.../providers/${kind}/...'", "")
        }
      ],
      [
        for environment in setsubtract(try(config.data.production_access, []), keys(local.own)) : {
          key     = "data.production_access"
          refused = true
          reason  = "'${environment}' is refused: environments are ${join(", ", keys(local.own))}"
        }
      ],
      flatten([
        for who, subject in local.subjects[name] : [
          for other in local.trusting : {
            key     = "ci.subjects.${who}"
            refused = index(local.trusting, who) > index(local.trusting, other) && try(local.subjects[name][other], null) == subject
            reason  = "'${subject}' is refused: ci.subjects.${other} has it, and each identity needs its own"
          }
        ]
      ]),
      flatten([
        for who, subject in local.subjects[name] : [
          for other, subjects in local.subjects : {
            key     = "ci.subjects.${who}"
            refused = name != other && contains(values(subjects), subject)
            reason  = "'${subject}' is refused: config/${other}.yml has it, and each identity needs its own"
          }
        ]
      ]),
    )
  }

  problems = concat(
    flatten([
      for name, content in local.files : [
        for section, value in content : (
          contains(local.sections, section) ?
          "config/${name}.yml: ${section}: null is refused: a section holds keys and values" :
          "config/${name}.yml: ${section}: unknown key; known: ${join(", ", local.sections)}"
        ) if !contains(local.sections, section) || value == null
      ] if name == "common" || contains(keys(local.own), name)
    ]),
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
