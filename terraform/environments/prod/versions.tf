terraform {
  required_version = ">= 1.10" # locks by a file

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.0, < 7.0"
    }
  }

  # Where the state lies is given to terraform init: -backend-config=bucket=... -backend-config=key=... -backend-config=region=...
  backend "s3" {
    encrypt      = true
    use_lockfile = true
  }
}

provider "aws" {
  region = local.region

  default_tags {
    tags = { project = "dragoman", environment = local.name }
  }
}
