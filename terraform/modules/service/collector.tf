# The service's /metrics go to CloudWatch through an OpenTelemetry collector beside it, and its traces to X-Ray.

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

  # Ids of traces are the segments' own, so the collectors of all tasks keep the same ones.
  traced = var.traced_percent > 0 && contains(["translator", "notifier"], var.service)
  otlp   = "127.0.0.1:4318"
  traces = { for part, content in {
    receivers  = { otlp = { protocols = { http = { endpoint = local.otlp } } } }
    processors = { probabilistic_sampler = { sampling_percentage = var.traced_percent } }
    exporters  = { awsxray = { region = local.region, indexed_attributes = ["session.id", "language", "segment"] } }
    pipelines = {
      traces = { receivers = ["otlp"], processors = ["probabilistic_sampler", "batch"], exporters = ["awsxray"] }
    }
  } : part => local.traced ? content : null }

  collector = {
    receivers = merge({
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
    }, local.traces.receivers)
    processors = merge({
      batch = { timeout = "15s" }
      # What has come since the last look: the exporter sends a histogram's sum and count as they are, so their mean would
      # be the one since the task's start. The first look counts too, since the task is no older than this.
      cumulativetodelta = { initial_value = "keep" }
      resourcedetection = { detectors = ["ecs"] } # tells the task's id, by which the log stream is called
    }, local.traces.processors)
    exporters = merge({
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
    }, local.traces.exporters)
    service = {
      pipelines = merge({
        metrics = { receivers = ["prometheus"], processors = ["resourcedetection", "cumulativetodelta", "batch"], exporters = ["awsemf"] }
      }, local.traces.pipelines)
    }
  }
}

resource "aws_cloudwatch_log_group" "metrics" {
  name              = "/${var.name}/${var.service}/metrics"
  retention_in_days = 1 # CloudWatch keeps the figures; this is only their way there
}
