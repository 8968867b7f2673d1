# The identities that machines act as. None of them has a password: Azure hands tokens to jobs and endpoints, and to the CI
# that it trusts.

resource "azurerm_user_assigned_identity" "main" {
  for_each = var.names

  name                = each.value
  resource_group_name = var.placement.resource_group_name
  location            = var.placement.location
  tags                = var.placement.tags
}

# Until the CI's subject is known, no pipeline can act as this identity.
resource "azurerm_federated_identity_credential" "ci" {
  count = var.trust == null ? 0 : 1

  name                      = "ci-${var.environment}"
  user_assigned_identity_id = azurerm_user_assigned_identity.main["ci"].id
  issuer                    = var.trust.issuer
  subject                   = var.trust.subject
  audience                  = ["api://AzureADTokenExchange"]
}
