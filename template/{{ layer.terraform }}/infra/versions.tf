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

  # Where the state is kept: in a storage account that only identities open. `state` in config/<environment>.yml names it, and
  # `mlops infra` passes it on; each environment has a Terraform workspace, and so a state, of its own.
  backend "azurerm" {
    container_name   = "tfstate"
    key              = "environment.tfstate"
    use_azuread_auth = true
  }
}

# For what azurerm cannot express, and for outbound rules, which must not be made at the same time.
provider "azapi" {}

# It registers no resource provider (5.0 changed that): README has the command that does, once for a subscription.
provider "azurerm" {
  # Storage accounts here refuse keys, so the provider has to use Entra ID as well.
  storage_use_azuread = true

  features {
    # Otherwise Application Insights makes an alert rule of its own, which Terraform does not know.
    application_insights {
      disable_generated_rule = true
    }

    # Deleted vaults can be recovered: nothing here is purged at once.
    key_vault {
      purge_soft_delete_on_destroy = false
    }
  }
}
