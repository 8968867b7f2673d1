# Where the state is kept: in a storage account that only identities open. `state` in config/<environment>.yml names it, and
# `mlops infra` passes it on; each environment has a Terraform workspace, and so a state, of its own.

terraform {
  backend "azurerm" {
    container_name   = "tfstate"
    key              = "environment.tfstate"
    use_azuread_auth = true
  }
}
