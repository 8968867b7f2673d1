variable "environment" {
  type        = string
  description = "Optional. The environment to build: dev, staging or prod. Without it the selected Terraform workspace says it, so that each environment keeps a state of its own."
  default     = null

  validation {
    condition     = contains(["dev", "staging", "prod"], coalesce(var.environment, terraform.workspace))
    error_message = "'${coalesce(var.environment, terraform.workspace)}' is no environment: select the Terraform workspace dev, staging or prod, for instance with 'terraform workspace select -or-create dev'."
  }

  validation {
    condition     = contains(["default", coalesce(var.environment, terraform.workspace)], terraform.workspace)
    error_message = "environment is '${coalesce(var.environment, terraform.workspace)}' while the selected Terraform workspace is '${terraform.workspace}': one state must not hold two environments."
  }
}

variable "config_folder" {
  type        = string
  description = "Optional. The folder with dev.yml, staging.yml and prod.yml, relative to this one."
  default     = "../config"

  validation {
    condition     = fileexists("${path.module}/${var.config_folder}/prod.yml")
    error_message = "'${var.config_folder}' is no configuration folder: it must hold dev.yml, staging.yml and prod.yml."
  }
}
