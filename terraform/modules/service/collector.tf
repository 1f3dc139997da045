# The service's /metrics go to CloudWatch through an OpenTelemetry collector beside it.

locals {
  metrics_log_group = aws_cloudwatch_log_group.metrics.name

  # Figures that are told apart by one of their labels. CloudWatch bills each combination: never a task or a session.
  labels = {
    code   = ["dragoman_ingest_sockets_closed_total", "dragoman_notifier_closed_total"]
    engine = ["dragoman_translator_billed_characters_total"]
    loss   = ["dragoman_translator_losses_total"]
    notice = ["dragoman_notifier_lag_seconds", "dragoman_notifier_late_total"]
    stage  = ["dragoman_notifier_stage_seconds"]
  }

  collector = {
    receivers = {
      prometheus = {
        config = {
          scrape_configs = [{
            job_name        = var.service
            scrape_interval = "15s"
            static_configs = [{
              targets = ["127.0.0.1:${local.service.port}"]
              labels  = { environment = var.name, service = var.service }
            }]
            metric_relabel_configs = [{ source_labels = ["__name__"], regex = "dragoman_.*", action = "keep" }]
          }]
        }
      }
    }
    processors = {
      batch = { timeout = "15s" }
      # What has come since the last look: the exporter sends a histogram's sum and count as they are, so their mean would
      # be the one since the task's start. The first look counts too, since the task is no older than this.
      cumulativetodelta = { initial_value = "keep" }
      resourcedetection = { detectors = ["ecs"] } # tells the task's id, by which the log stream is called
    }
    exporters = {
      awsemf = {
        region                  = local.region
        namespace               = "Dragoman"
        log_group_name          = local.metrics_log_group
        log_stream_name         = "{TaskId}"
        dimension_rollup_option = "NoDimensionRollup"
        metric_declarations = concat(
          [{ dimensions = [["environment", "service"]], metric_name_selectors = ["^dragoman_"] }],
          [for label, names in local.labels : {
            dimensions            = [["environment", "service", label]]
            metric_name_selectors = [for name in names : "^${name}$"]
          }]
        )
      }
    }
    service = {
      pipelines = {
        metrics = { receivers = ["prometheus"], processors = ["resourcedetection", "cumulativetodelta", "batch"], exporters = ["awsemf"] }
      }
    }
  }
}

resource "aws_cloudwatch_log_group" "metrics" {
  name              = "/${var.name}/${var.service}/metrics"
  retention_in_days = 1 # CloudWatch keeps the figures; this is only their way there
}
