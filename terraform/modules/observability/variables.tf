variable "name" {
  description = "Prefix of every name, such as dragoman-dev; also the environment that the services' figures are filed under."
  type        = string
  nullable    = false
}

variable "kafka" {
  description = "The cluster's name in CloudWatch, and how many brokers of one's own it has."
  type = object({
    cluster_name = string
    brokers      = number
  })
  nullable = false
}

variable "load_balancer" {
  description = "The load balancer's ARN suffix."
  type        = string
  nullable    = false
}

variable "alarm_emails" {
  description = "Who is told. Each address must confirm once, by a link that AWS sends."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for address in var.alarm_emails : can(regex("^[^@ ]+@[^@ ]+$", address))])
    error_message = "alarm_emails must be e-mail addresses."
  }
}

variable "limits" {
  description = "Where alarms begin. Delays in seconds on average over a minute; late speech in percent; partition lag in seconds that a consumer group is behind; storage in percent."
  type = object({
    late_percent        = optional(number, 5)
    word_delay_s        = optional(number, 4)
    announce_delay_s    = optional(number, 1)
    partition_lag_s     = optional(number, 30)
    broker_storage      = optional(number, 75)
    engine_failures     = optional(number, 20)
    calls_throttled     = optional(number, 20)
    listeners_cut_off   = optional(number, 20)
    captions_failed     = optional(number, 20)
    speech_not_made     = optional(number, 50)
    recognizer_failures = optional(number, 5)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.limits.broker_storage > 0 && var.limits.broker_storage < 95
    error_message = "limits.broker_storage must be below 95 percent: a full broker stops."
  }
}
