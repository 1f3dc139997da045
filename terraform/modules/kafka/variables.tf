variable "name" {
  description = "Prefix of every name, such as dragoman-dev."
  type        = string
  nullable    = false
}

variable "vpc_id" {
  description = "The VPC of brokers and clients."
  type        = string
  nullable    = false
}

variable "subnet_ids" {
  description = "One private subnet per zone."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.subnet_ids) == 3
    error_message = "Give three subnets, one per zone: every topic has three replicas."
  }
}

variable "clients" {
  description = "Security groups that may connect, by client."
  type        = map(string)
  nullable    = false
}

variable "provisioned" {
  description = <<-EOT
    Brokers of one's own; null for MSK Serverless, which has settings of its own and may refuse some of our topics'
    (see docs/deploy.md). brokers: a multiple of three. Storage grows by itself from storage_gb to max_storage_gb.
  EOT
  type = object({
    kafka_version  = optional(string, "3.9.x")
    instance_type  = string
    brokers        = optional(number, 3)
    storage_gb     = optional(number, 50)
    max_storage_gb = optional(number, 500)
  })
  default = null

  validation {
    condition     = var.provisioned == null || can(regex("^(3\\.(8|9)|[4-9]\\.[0-9]+)\\.", var.provisioned.kafka_version))
    error_message = "kafka_version must be 3.8.x or later: before that IAM gives no way to end a transaction that hangs."
  }
  validation {
    condition     = try(var.provisioned.brokers >= 3 && var.provisioned.brokers % 3 == 0, true)
    error_message = "brokers must be 3, 6, 9 ...: the same number in each of the three zones."
  }
  validation {
    condition     = try(var.provisioned.max_storage_gb >= var.provisioned.storage_gb, true)
    error_message = "max_storage_gb must not be below storage_gb: storage only grows."
  }
}

variable "log_retention_days" {
  description = "How long the brokers' and the topics task's logs are kept."
  type        = number
  default     = 14
  nullable    = false
}

variable "topics" {
  description = "The one-off task that makes the topics: image of the command line, and partitions of each topic, which can never be lowered, and be raised only while no session is open, with a restart of all services after it."
  type = object({
    image      = string
    partitions = number
  })
  nullable = false

  validation {
    condition     = var.topics.partitions >= 1 && var.topics.partitions <= 1000
    error_message = "topics.partitions must be 1 to 1000. At most as many tasks of a service work at once as there are partitions."
  }
}
