# Where the state is kept: in a storage account that only identities open. `mlops infra` says in which (`state` in the
# configuration of prod).

terraform {
  backend "azurerm" {
    container_name   = "tfstate"
    key              = "registry.tfstate"
    use_azuread_auth = true
  }
}
