variable "name" {
  description = "Prefix of every name, such as dragoman-dev."
  type        = string
  nullable    = false
}

variable "self_sign_up" {
  description = "Whether anybody may become a speaker; otherwise an administrator makes speakers."
  type        = bool
  default     = true
  nullable    = false
}

variable "keep" {
  description = "Whether the pool, and with it every speaker, survives a terraform destroy."
  type        = bool
  default     = true
  nullable    = false
}
