variable "name" {
  description = "Prefix of every name, such as dragoman-dev."
  type        = string
  nullable    = false
}

variable "service" {
  description = "Which of the four services this is."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["ingest", "transcriber", "translator", "notifier"], var.service)
    error_message = "service must be ingest, transcriber, translator or notifier."
  }
}

variable "images" {
  description = "The service's image and the metrics collector's, both in ECR, by tag or digest."
  type = object({
    service   = string
    collector = string
  })
  nullable = false

  validation {
    condition = alltrue([for image in values(var.images) :
    can(regex("^[0-9]{12}\\.dkr\\.ecr\\.[a-z0-9-]+\\.[a-z.]+/[^:@]+[:@].+$", image)) && !endswith(image, ":latest")])
    error_message = "Images must be in ECR and name a tag other than latest, or a digest: a task that starts again must start the same code."
  }
}

variable "size" {
  description = "CPU units and MiB of a task, a pair that Fargate has."
  type = object({
    cpu    = number
    memory = number
  })
  nullable = false
}

variable "settings" {
  description = "Settings of the service that differ from their defaults, by variable. Never a secret: it would be in Terraform's state."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.settings) : startswith(name, "DRAGOMAN_")])
    error_message = "settings must be the service's own, DRAGOMAN_...: see docs/operating.md."
  }
}

variable "network" {
  description = "Where the tasks run."
  type = object({
    cluster_name       = string
    vpc_id             = string
    private_subnet_ids = list(string)
  })
  nullable = false
}

variable "kafka" {
  description = "The cluster that joins the services."
  type = object({
    cluster_arn       = string
    bootstrap         = string
    security_group_id = string
  })
  nullable = false
}

variable "clips" {
  description = "Bucket of clips."
  type = object({
    bucket = string
    arn    = string
  })
  nullable = false
}

variable "sessions" {
  description = "Table of sessions."
  type = object({
    table = string
    arn   = string
  })
  nullable = false
}

variable "tokens" {
  description = "How speakers' tokens are checked."
  type = object({
    issuer    = string
    jwks_url  = string
    client_id = string
  })
  nullable = false
}

variable "url" {
  description = "Origin of the web apps' pages."
  type        = string
  nullable    = false
}

variable "load_balancer" {
  description = "Listener and security group of the load balancer; nobody calls transcriber and translator, which don't use it."
  type = object({
    listener_arn      = string
    security_group_id = string
  })
  nullable = false
}

variable "scaling" {
  description = "Tasks at least and at most, and the metrics that are kept at or below their targets."
  type = object({
    min = number
    max = number
    signals = map(object({
      target     = number
      namespace  = string
      name       = string
      statistic  = string
      dimensions = map(string)
    }))
  })
  nullable = false

  validation {
    condition     = var.scaling.min >= 1 && var.scaling.max >= var.scaling.min
    error_message = "scaling.min must be at least 1, and scaling.max not below it."
  }
}

variable "traced_percent" {
  description = "Share of segments whose trace goes to X-Ray, in percent; 0: none, and nothing is traced."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.traced_percent >= 0 && var.traced_percent <= 100
    error_message = "traced_percent must be between 0 and 100."
  }
}

variable "log_retention_days" {
  description = "How long logs are kept. They name sessions by the id that is in listeners' links."
  type        = number
  default     = 14
  nullable    = false
}
