variable "name" {
  description = "Prefix of every name, such as dragoman-dev."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,22}$", var.name))
    error_message = "name must be 3 to 23 lower-case letters, digits and hyphens, beginning with a letter: names of buckets and target groups are made from it."
  }
}

variable "cidr" {
  description = "Addresses of the VPC; each zone gets two sixteenths."
  type        = string
  default     = "10.0.0.0/16"
  nullable    = false

  validation {
    condition     = can(cidrhost(var.cidr, 0)) && try(tonumber(split("/", var.cidr)[1]) >= 16 && tonumber(split("/", var.cidr)[1]) <= 20, false)
    error_message = "cidr must be an IPv4 network of /16 to /20, such as 10.0.0.0/16."
  }
}

variable "nat_gateways" {
  description = "How many zones have a NAT gateway of their own; the other zones use the first one's."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = contains([1, 2, 3], var.nat_gateways)
    error_message = "nat_gateways must be 1 (cheapest), 2 or 3 (one per zone). Without any, ingest could not fetch the keys that sign tokens."
  }
}

variable "interface_endpoints" {
  description = "AWS services reached by an interface endpoint instead of NAT, such as transcribestreaming. S3 and DynamoDB always have their free gateway endpoints."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(setintersection(var.interface_endpoints, ["s3", "dynamodb"])) == 0
    error_message = "Leave s3 and dynamodb out of interface_endpoints: they have gateway endpoints, which cost nothing."
  }
}
