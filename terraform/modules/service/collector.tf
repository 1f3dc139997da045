# The service's /metrics go to CloudWatch through an OpenTelemetry collector beside it.

locals {
  metrics_log_group = aws_cloudwatch_log_group.metrics.name

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
      batch             = { timeout = "15s" }
      resourcedetection = { detectors = ["ecs"] } # tells the task's id, by which the log stream is called
    }
    exporters = {
      awsemf = {
        region                  = local.region
        namespace               = "Dragoman"
        log_group_name          = local.metrics_log_group
        log_stream_name         = "{TaskId}"
        dimension_rollup_option = "NoDimensionRollup"
        # CloudWatch bills each combination: only these, never a task or a session.
        metric_declarations = [
          { dimensions = [["environment", "service"]], metric_name_selectors = ["^dragoman_.*"] },
          { dimensions = [["environment", "service", "code"]], metric_name_selectors = ["^dragoman_.*_closed_total$"] },
        ]
      }
    }
    service = {
      pipelines = {
        metrics = { receivers = ["prometheus"], processors = ["resourcedetection", "batch"], exporters = ["awsemf"] }
      }
    }
  }
}

resource "aws_cloudwatch_log_group" "metrics" {
  name              = "/${var.name}/${var.service}/metrics"
  retention_in_days = 1 # CloudWatch keeps the figures; this is only their way there
}
