variable "environment" {
  type        = string
  description = "Optional. The environment to build, which has a file in config/. Without it the selected Terraform workspace says it, so that each environment keeps a state of its own."
  default     = null

  validation {
    condition     = fileexists("${path.module}/${var.config_folder}/${coalesce(var.environment, terraform.workspace)}.yml")
    error_message = "'${coalesce(var.environment, terraform.workspace)}' is no environment: config/ has no such file. Select the Terraform workspace of an environment, for instance with 'terraform workspace select -or-create dev'."
  }

  validation {
    condition     = contains(["default", coalesce(var.environment, terraform.workspace)], terraform.workspace)
    error_message = "environment is '${coalesce(var.environment, terraform.workspace)}' while the selected Terraform workspace is '${terraform.workspace}': one state must not hold two environments."
  }
}

variable "config_folder" {
  type        = string
  description = "Optional. The folder with common.yml and a file for each environment, relative to this one."
  default     = "../config"
}

variable "left_to_people" {
  type = object({
    roles          = optional(set(string), [])
    outbound_rules = optional(set(string), [])
  })
  description = "Optional. Rows of tables/roles.yml, called as in roles.tf, and of tables/network.yml that this plan leaves out: `mlops infra` names those that the identity of CI may not give and that the state lacks."
  default     = {}
}
