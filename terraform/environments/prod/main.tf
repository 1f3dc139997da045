locals {
  name   = "dragoman-prod"
  region = "eu-west-1"
}

module "network" {
  source = "../../modules/network"

  name         = local.name
  nat_gateways = 3

  # What carries audio and speech: cheaper than through NAT from about 15 talks at once.
  interface_endpoints = ["polly", "transcribestreaming", "translate"]
}

module "kafka" {
  source = "../../modules/kafka"

  name       = local.name
  vpc_id     = module.network.vpc_id
  subnet_ids = module.network.private_subnet_ids

  provisioned = {
    instance_type  = "kafka.m7g.large"
    storage_gb     = 100
    max_storage_gb = 1000
  }

  topics = {
    image      = var.images.cli
    partitions = 64
  }

  clients = {
    ingest      = module.ingest.security_group_id
    transcriber = module.transcriber.security_group_id
    translator  = module.translator.security_group_id
    notifier    = module.notifier.security_group_id
  }
}

module "data" {
  source = "../../modules/data"

  name    = local.name
  origins = [module.edge.url]
  keep    = true
}

module "identity" {
  source = "../../modules/identity"

  name = local.name
  keep = true
}

module "edge" {
  source = "../../modules/edge"

  name       = local.name
  network    = module.network
  apps       = var.apps
  sign_in    = module.identity.sign_in
  connect_to = [module.identity.endpoint, module.data.clips_address]
  domain     = var.domain
  keep       = true
}

module "ingest" {
  source = "../../modules/service"

  name          = local.name
  service       = "ingest"
  images        = { service = var.images.ingest, collector = var.images.collector }
  size          = { cpu = 1024, memory = 2048 }
  settings      = { DRAGOMAN_LIVE_SESSIONS = "2048" } # 64 transcribers of 32 streams
  network       = module.network
  kafka         = module.kafka
  clips         = module.data.clips
  sessions      = module.data.sessions
  tokens        = module.identity.tokens
  url           = module.edge.url
  load_balancer = module.edge.load_balancer

  scaling = {
    min = 3
    max = 20
    signals = {
      # Speakers per task.
      sockets = { target = 100, namespace = "Dragoman", name = "dragoman_ingest_sockets", statistic = "Average", dimensions = { environment = local.name, service = "ingest" } }
    }
  }
}

module "transcriber" {
  source = "../../modules/service"

  name          = local.name
  service       = "transcriber"
  images        = { service = var.images.transcriber, collector = var.images.collector }
  size          = { cpu = 1024, memory = 2048 }
  settings      = { DRAGOMAN_RECOGNIZER_STREAMS = "32" }
  network       = module.network
  kafka         = module.kafka
  clips         = module.data.clips
  sessions      = module.data.sessions
  tokens        = module.identity.tokens
  url           = module.edge.url
  load_balancer = module.edge.load_balancer

  scaling = {
    min = 3
    max = 64
    signals = {
      # Talks per task: one too many is refused, not slowed down, and nothing falls behind.
      streams = { target = 24, namespace = "Dragoman", name = "dragoman_transcriber_streams", statistic = "Average", dimensions = { environment = local.name, service = "transcriber" } }
      # Seconds that a partition is behind.
      behind = { target = 20, namespace = "AWS/Kafka", name = "EstimatedMaxTimeLag", statistic = "Maximum", dimensions = { "Cluster Name" = local.name, "Consumer Group" = "transcriber", Topic = "audio" } }
    }
  }
}

module "translator" {
  source = "../../modules/service"

  name           = local.name
  service        = "translator"
  images         = { service = var.images.translator, collector = var.images.collector }
  size           = { cpu = 1024, memory = 2048 }
  network        = module.network
  kafka          = module.kafka
  clips          = module.data.clips
  sessions       = module.data.sessions
  tokens         = module.identity.tokens
  url            = module.edge.url
  load_balancer  = module.edge.load_balancer
  traced_percent = var.traced_percent

  scaling = {
    min = 3
    max = 64
    signals = {
      # Seconds of speech that listeners still have to hear.
      backlog = { target = 6, namespace = "Dragoman", name = "dragoman_translator_backlog_seconds", statistic = "Average", dimensions = { environment = local.name, service = "translator" } }
    }
  }
}

module "notifier" {
  source = "../../modules/service"

  name           = local.name
  service        = "notifier"
  images         = { service = var.images.notifier, collector = var.images.collector }
  size           = { cpu = 1024, memory = 2048 }
  network        = module.network
  kafka          = module.kafka
  clips          = module.data.clips
  sessions       = module.data.sessions
  tokens         = module.identity.tokens
  url            = module.edge.url
  load_balancer  = module.edge.load_balancer
  traced_percent = var.traced_percent

  scaling = {
    min = 3
    max = 60
    signals = {
      # Listeners per task.
      listeners = { target = 1000, namespace = "Dragoman", name = "dragoman_notifier_listeners", statistic = "Average", dimensions = { environment = local.name, service = "notifier" } }
    }
  }
}

module "observability" {
  source = "../../modules/observability"

  name          = local.name
  kafka         = module.kafka
  load_balancer = module.edge.load_balancer.arn_suffix
  alarm_emails  = var.alarm_emails
}
