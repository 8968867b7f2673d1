terraform {
  required_version = ">= 1.9.0, < 2.0.0"

  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = ">= 5.0.0, < 6.0.0"
    }
  }

  # In the account of prod, which `state` in config/prod.yml names.
  backend "azurerm" {
    container_name   = "tfstate"
    key              = "network.tfstate"
    use_azuread_auth = true
  }
}

provider "azurerm" {
  features {}
}
