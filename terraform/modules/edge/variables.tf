variable "name" {
  description = "Prefix of every name, such as dragoman-dev."
  type        = string
  nullable    = false
}

variable "network" {
  description = "Where the load balancer stands."
  type = object({
    vpc_id            = string
    public_subnet_ids = list(string)
  })
  nullable = false
}

variable "apps" {
  description = "Folder of the built web apps."
  type        = string
  nullable    = false

  validation {
    condition     = alltrue([for page in ["speaker.html", "listener.html"] : fileexists("${var.apps}/${page}")])
    error_message = "apps must hold speaker.html and listener.html: build them with 'make setup'."
  }
}

variable "sign_in" {
  description = "Where speakers sign in, as the pages' config.json has it."
  type = object({
    region       = string
    user_pool_id = string
    client_id    = string
  })
  nullable = false
}

variable "connect_to" {
  description = "What the pages may connect to beside their own origin: the identity provider's origin, the clips' address."
  type        = list(string)
  nullable    = false

  validation {
    condition     = alltrue([for source in var.connect_to : can(regex("^https://[^*; ]+$", source))])
    error_message = "connect_to must hold https addresses without wildcards: they become part of the pages' Content-Security-Policy."
  }
}

variable "domain" {
  description = <<-EOT
    A domain of one's own; null for CloudFront's, where traffic from CloudFront to the load balancer is not encrypted.
    name: what people see. origin_name: the load balancer's name. Certificates in ACM: certificate_arn for name in
    us-east-1, origin_certificate_arn for origin_name in the region. zone_id: the hosted zone of both names.
  EOT
  type = object({
    name                   = string
    certificate_arn        = string
    origin_name            = string
    origin_certificate_arn = string
    zone_id                = string
  })
  default = null

  validation {
    condition     = try(strcontains(var.domain.certificate_arn, ":us-east-1:"), true)
    error_message = "domain.certificate_arn must be a certificate in us-east-1: CloudFront takes no other."
  }
  validation {
    condition     = try(var.domain.name != var.domain.origin_name, true)
    error_message = "domain.origin_name must differ from domain.name: one leads to CloudFront, the other to the load balancer."
  }
}

variable "requests_per_address" {
  description = "Requests that one address may make in five minutes. A whole hall can be behind one address."
  type        = number
  default     = 20000
  nullable    = false

  validation {
    condition     = var.requests_per_address >= 5000
    error_message = "requests_per_address must be at least 5000: fewer would shut out a hall of listeners behind one address."
  }
}

variable "price_class" {
  description = "Which of CloudFront's locations serve the pages."
  type        = string
  default     = "PriceClass_100"
  nullable    = false

  validation {
    condition     = contains(["PriceClass_100", "PriceClass_200", "PriceClass_All"], var.price_class)
    error_message = "price_class must be PriceClass_100, PriceClass_200 or PriceClass_All."
  }
}

variable "keep" {
  description = "Whether the load balancer is protected from deletion."
  type        = bool
  default     = true
  nullable    = false
}
