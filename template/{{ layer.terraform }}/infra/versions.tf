terraform {
  required_version = ">= 1.9.0, < 2.0.0" # 1.9: a variable's validation may look at other values

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
}

# For what azurerm cannot express, such as a Logic App with a definition in a file.
provider "azapi" {}

provider "azurerm" {
  # Storage accounts here refuse keys, so the provider has to use Entra ID as well.
  storage_use_azuread = true

  features {
    # What is deleted can be recovered: nothing here is purged at once.
    key_vault {
      purge_soft_delete_on_destroy = false
    }

    # A closed storage account does not answer the machine that runs Terraform.
    storage {
      data_plane_available = false
    }
  }
}
