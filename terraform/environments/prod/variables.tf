variable "images" {
  description = "Images in ECR: of the four services, of the command line, and of the OpenTelemetry collector."
  type = object({
    ingest      = string
    transcriber = string
    translator  = string
    notifier    = string
    cli         = string
    collector   = string
  })
  nullable = false
}

variable "alarm_emails" {
  description = "Who is told of alarms."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "traced_percent" {
  description = "Share of segments whose trace goes to X-Ray, in percent; 0: none."
  type        = number
  default     = 0
  nullable    = false
}

variable "apps" {
  description = "Folder of the built web apps."
  type        = string
  default     = "../../../frontend/dist"
  nullable    = false
}

variable "domain" {
  description = "The domain that people see, the load balancer's name, and their certificates; see modules/edge."
  type = object({
    name                   = string
    certificate_arn        = string
    origin_name            = string
    origin_certificate_arn = string
    zone_id                = string
  })
  nullable = false
}
