# Where the state is kept: in a storage account that only identities open. `mlops infra` says in which (`state` in the
# configuration); each environment has a Terraform workspace, and so a state, of its own.

terraform {
  backend "azurerm" {
    container_name   = "tfstate"
    key              = "environment.tfstate"
    use_azuread_auth = true
  }
}
