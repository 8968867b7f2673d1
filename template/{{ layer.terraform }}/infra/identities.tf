# The identities that machines act as. None has a password: Azure hands tokens to jobs and endpoints, and to the CI that it
# trusts. README says which of them can do what through the others.

locals {
  builds = local.config.ci.builds_infrastructure

  identities = merge(
    {
      jobs     = local.names.identity_jobs
      endpoint = local.names.identity_endpoint
      ci       = local.names.identity_ci
    },
    local.builds ? {
      infrastructure = local.names.identity_infrastructure
      plan           = local.names.identity_plan
    } : {},
  )

  # Jobs that act as an identity by another trust than its own: a look of `watch` waits for no approval of `ci`.
  acting = { ci = "ci", infrastructure = "infrastructure", plan = "plan", watch = "ci" }

  # The tokens that are trusted, by who shows them; none until all parts are known.
  subjects = {
    for who, identity in local.acting : who => "${local.config.ci.subject_prefix}${local.config.ci.subjects[who]}"
    if contains(keys(local.identities), identity) && alltrue([
      for part in [local.config.ci.issuer, local.config.ci.subject_prefix, try(local.config.ci.subjects[who], null)] : part != null
    ])
  }
}

resource "azurerm_user_assigned_identity" "main" {
  for_each = local.identities

  name                = each.value
  resource_group_name = local.placement.resource_group_name
  location            = local.placement.location
  tags                = local.placement.tags
}

# One after the other: Azure refuses credentials that are written at the same time (409).
resource "azurerm_federated_identity_credential" "ci" {
  count = contains(keys(local.subjects), "ci") ? 1 : 0

  name                      = "ci"
  user_assigned_identity_id = azurerm_user_assigned_identity.main["ci"].id
  issuer                    = local.config.ci.issuer
  subject                   = local.subjects["ci"]
  audience                  = ["api://AzureADTokenExchange"]
}

resource "azurerm_federated_identity_credential" "infrastructure" {
  count = contains(keys(local.subjects), "infrastructure") ? 1 : 0

  name                      = "ci"
  user_assigned_identity_id = azurerm_user_assigned_identity.main["infrastructure"].id
  issuer                    = local.config.ci.issuer
  subject                   = local.subjects["infrastructure"]
  audience                  = ["api://AzureADTokenExchange"]

  depends_on = [azurerm_federated_identity_credential.ci]
}

resource "azurerm_federated_identity_credential" "plan" {
  count = contains(keys(local.subjects), "plan") ? 1 : 0

  name                      = "ci"
  user_assigned_identity_id = azurerm_user_assigned_identity.main["plan"].id
  issuer                    = local.config.ci.issuer
  subject                   = local.subjects["plan"]
  audience                  = ["api://AzureADTokenExchange"]

  depends_on = [azurerm_federated_identity_credential.infrastructure]
}

resource "azurerm_federated_identity_credential" "watch" {
  count = contains(keys(local.subjects), "watch") ? 1 : 0

  name                      = "watch"
  user_assigned_identity_id = azurerm_user_assigned_identity.main["ci"].id
  issuer                    = local.config.ci.issuer
  subject                   = local.subjects["watch"]
  audience                  = ["api://AzureADTokenExchange"]

  depends_on = [azurerm_federated_identity_credential.plan]
}
