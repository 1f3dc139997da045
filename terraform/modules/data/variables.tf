variable "name" {
  description = "Prefix of every name, such as dragoman-dev."
  type        = string
  nullable    = false
}

variable "origins" {
  description = "Origins of the web apps' pages, which may fetch clips."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.origins) > 0 && alltrue([for origin in var.origins : can(regex("^https://[^/*]+$", origin))])
    error_message = "origins must be https://host, without a path or a wildcard: others' pages have no business with clips."
  }
}

variable "keep" {
  description = "Whether tables survive a terraform destroy and can be restored to any second of the last 35 days."
  type        = bool
  default     = true
  nullable    = false
}
