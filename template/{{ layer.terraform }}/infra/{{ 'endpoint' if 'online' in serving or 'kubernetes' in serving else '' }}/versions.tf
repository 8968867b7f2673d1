terraform {
  required_version = ">= 1.9.0, < 2.0.0"

  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = ">= 5.0.0, < 6.0.0"
    }
  }

  # In a container of its own, the only one that the identity which deploys may write; each endpoint of an environment has a Terraform workspace.
  backend "azurerm" {
    container_name   = "tfstate-endpoints"
    key              = "endpoint.tfstate"
    use_azuread_auth = true
  }
}

provider "azurerm" {
  features {}
}
