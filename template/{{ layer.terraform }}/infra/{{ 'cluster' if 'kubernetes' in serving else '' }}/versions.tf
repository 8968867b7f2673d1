terraform {
  required_version = ">= 1.9.0, < 2.0.0"

  required_providers {
    azapi = {
      source  = "azure/azapi"
      version = ">= 2.5.0, < 3.0.0"
    }
    azurerm = {
      source  = "hashicorp/azurerm"
      version = ">= 5.0.0, < 6.0.0"
    }
  }

  # In the account of the environment whose cluster it is; each has a Terraform workspace.
  backend "azurerm" {
    container_name   = "tfstate"
    key              = "cluster.tfstate"
    use_azuread_auth = true
  }
}

provider "azapi" {}

provider "azurerm" {
  features {}
}
