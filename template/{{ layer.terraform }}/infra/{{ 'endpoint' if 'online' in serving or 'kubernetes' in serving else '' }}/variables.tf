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

variable "deployments" {
  type        = set(string)
  description = "Optional. Names of the deployments behind the endpoint."
  default     = []

  validation {
    condition     = alltrue([for name in var.deployments : can(regex("^[A-Za-z][A-Za-z0-9-]{1,30}[A-Za-z0-9]$", name))])
    error_message = "'${join("', '", var.deployments)}' names a deployment that cannot be: a name must have 3 to 32 letters, digits and hyphens, and start with a letter."
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
