# What is refused before anything is built: each sample has one mistake.

mock_provider "azurerm" {
  source = "./tests/mocks/azurerm"
}

mock_provider "azapi" {
  source = "./tests/mocks/azapi"
}

run "address_space_and_zones" {
  command = plan

  variables {
    environment   = "prod"
    config_folder = "tests/configs/refused/address_space_and_zones"
  }

  expect_failures = [data.azurerm_client_config.current]
}

run "hosts_where_nothing_is_limited" {
  command = plan

  variables {
    environment   = "prod"
    config_folder = "tests/configs/refused/hosts_where_nothing_is_limited"
  }

  expect_failures = [data.azurerm_client_config.current]
}

run "no_subnet" {
  command = plan

  variables {
    environment   = "prod"
    config_folder = "tests/configs/refused/no_subnet"
  }

  expect_failures = [data.azurerm_client_config.current]
}

run "other_environment" {
  command = plan

  variables {
    environment   = "prod"
    config_folder = "tests/configs/refused/other_environment"
  }

  expect_failures = [data.azurerm_client_config.current]
}

run "repository_of_the_other_ci" {
  command = plan

  variables {
    environment   = "prod"
    config_folder = "tests/configs/refused/repository_of_the_other_ci"
  }

  expect_failures = [data.azurerm_client_config.current]
}

run "small_registry" {
  command = plan

  variables {
    environment   = "prod"
    config_folder = "tests/configs/refused/small_registry"
  }

  expect_failures = [data.azurerm_client_config.current]
}

run "subnet_and_address_space" {
  command = plan

  variables {
    environment   = "prod"
    config_folder = "tests/configs/refused/subnet_and_address_space"
  }

  expect_failures = [data.azurerm_client_config.current]
}

run "token_vault_in_public" {
  command = plan

  variables {
    environment   = "prod"
    config_folder = "tests/configs/refused/token_vault_in_public"
  }

  expect_failures = [data.azurerm_client_config.current]
}

run "unknown_ci" {
  command = plan

  variables {
    environment   = "prod"
    config_folder = "tests/configs/refused/unknown_ci"
  }

  expect_failures = [data.azurerm_client_config.current]
}

run "unknown_container" {
  command = plan

  variables {
    environment   = "prod"
    config_folder = "tests/configs/refused/unknown_container"
  }

  expect_failures = [data.azurerm_client_config.current]
}

run "unknown_mode" {
  command = plan

  variables {
    environment   = "prod"
    config_folder = "tests/configs/refused/unknown_mode"
  }

  expect_failures = [data.azurerm_client_config.current]
}

run "zones_that_are_not_all" {
  command = plan

  variables {
    environment   = "prod"
    config_folder = "tests/configs/refused/zones_that_are_not_all"
  }

  expect_failures = [data.azurerm_client_config.current]
}

run "unknown_environment" {
  command = plan

  variables {
    environment   = "production"
    config_folder = "tests/configs/public"
  }

  expect_failures = [var.environment]
}

run "folder_without_configuration" {
  command = plan

  variables {
    environment   = "prod"
    config_folder = "tests"
  }

  expect_failures = [var.config_folder]
}
