output "ids" {
  description = "Resource IDs of the identities."
  value       = { for name, identity in azurerm_user_assigned_identity.main : name => identity.id }
}

output "principal_ids" {
  description = "Object IDs of the identities, for role assignments."
  value       = { for name, identity in azurerm_user_assigned_identity.main : name => identity.principal_id }
}

output "client_ids" {
  description = "Client IDs of the identities, for signing in."
  value       = { for name, identity in azurerm_user_assigned_identity.main : name => identity.client_id }
}

output "subjects" {
  description = "Whom the CI's tokens must name."
  value       = azurerm_federated_identity_credential.ci[*].subject
}

output "issuers" {
  description = "Who must have signed the CI's tokens."
  value       = azurerm_federated_identity_credential.ci[*].issuer
}
