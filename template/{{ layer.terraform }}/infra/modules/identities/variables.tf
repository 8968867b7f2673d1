variable "placement" {
  type = object({
    resource_group_name = string
    location            = string
    tags                = map(string)
  })
  description = "Required. Where the resources stand, and their tags."
}

variable "environment" {
  type        = string
  description = "Required. The environment: dev, staging or prod."
}

variable "names" {
  type        = map(string)
  description = "Required. Names of the identities by what acts as them: jobs, endpoint, ci."
}

variable "trust" {
  type = object({
    issuer  = string
    subject = string
  })
  description = "Required. Who signs the tokens of the CI, and whom they must name; null while it is not known."
}
