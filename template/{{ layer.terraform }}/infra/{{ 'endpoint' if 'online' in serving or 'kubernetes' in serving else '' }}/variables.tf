variable "environment" {
  type        = string
  description = "Required. The environment of the endpoint: dev, staging or prod."

  validation {
    condition     = contains(["dev", "staging", "prod"], var.environment)
    error_message = "'${var.environment}' is no environment: must be dev, staging or prod."
  }
}

variable "kind" {
  type        = string
  description = "Required. The kind of endpoint, of which the configuration names one: what stands before '_endpoint' in its names."

  validation {
    condition     = terraform.workspace == "default" || terraform.workspace == "${var.environment}-${var.kind}"
    error_message = "kind is '${var.kind}' and environment '${var.environment}' while the selected Terraform workspace is '${terraform.workspace}': one state must not hold two endpoints."
  }
}

variable "config_folder" {
  type        = string
  description = "Optional. The folder with dev.yml, staging.yml and prod.yml, relative to this one."
  default     = "../../config"

  validation {
    condition     = fileexists("${path.module}/${var.config_folder}/prod.yml")
    error_message = "'${var.config_folder}' is no configuration folder: it must hold dev.yml, staging.yml and prod.yml."
  }
}
