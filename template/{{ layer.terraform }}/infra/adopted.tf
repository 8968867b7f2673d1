# What `mlops bootstrap` made before the first apply: `mlops infra` looks it up in Azure and passes it on, and the first plan takes
# it into the state as it is. Once an object is in the state, its row here has no effect.

variable "adopted" {
  type = object({
    identities  = optional(map(string), {})
    credentials = optional(map(string), {})
    roles       = optional(map(string), {})
    storage     = optional(map(string), {})
  })
  description = "Optional. Resource IDs of what exists and is not in the state: identities and federated credentials by whom they are for, role assignments by their row, the storage account of the data lake."
  default     = {}
}

import {
  for_each = var.adopted.identities
  to       = azurerm_user_assigned_identity.main[each.key]
  id       = each.value
}

import {
  for_each = { for who, id in var.adopted.credentials : who => id if who == "ci" }
  to       = azurerm_federated_identity_credential.ci[0]
  id       = each.value
}

import {
  for_each = { for who, id in var.adopted.credentials : who => id if who == "infrastructure" }
  to       = azurerm_federated_identity_credential.infrastructure[0]
  id       = each.value
}

import {
  for_each = { for who, id in var.adopted.credentials : who => id if who == "plan" }
  to       = azurerm_federated_identity_credential.plan[0]
  id       = each.value
}

import {
  for_each = { for who, id in var.adopted.credentials : who => id if who == "watch" }
  to       = azurerm_federated_identity_credential.watch[0]
  id       = each.value
}

import {
  for_each = var.adopted.roles
  to       = azurerm_role_assignment.main[each.key]
  id       = each.value
}

# Prod's, on which other environments get roles before it is built.
import {
  for_each = { for name, id in var.adopted.storage : name => id if name == "data_lake" }
  to       = module.data_lake.azurerm_storage_account.main
  id       = each.value
}
