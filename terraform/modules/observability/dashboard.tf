data "aws_region" "this" {}

locals {
  # Title, statistic, and the figures as service and metric.
  charts = [
    ["Talks and listeners per task", "Average", [["ingest", "dragoman_ingest_sockets"], ["transcriber", "dragoman_transcriber_streams"], ["notifier", "dragoman_notifier_listeners"]]],
    ["Audio in, text and speech out", "Sum", [["ingest", "dragoman_ingest_frames_total"], ["transcriber", "dragoman_transcriber_finals_total"], ["translator", "dragoman_translator_segments_total"], ["notifier", "dragoman_notifier_sent_total"]]],
    ["Lag by stage, mean seconds", "Average", [["ingest", "dragoman_ingest_ack_seconds"], ["transcriber", "dragoman_transcriber_word_delay_seconds"], ["translator", "dragoman_translator_engine_seconds"], ["translator", "dragoman_translator_backlog_seconds"], ["notifier", "dragoman_notifier_announce_delay_seconds"]]],
    ["Kafka transactions, mean seconds", "Average", [["transcriber", "dragoman_kafka_transaction_seconds"], ["translator", "dragoman_kafka_transaction_seconds"]]],
    ["What went wrong", "Sum", [["transcriber", "dragoman_transcriber_failures_total"], ["transcriber", "dragoman_transcriber_frames_refused_total"], ["translator", "dragoman_translator_engine_failures_total"], ["translator", "dragoman_translator_segments_shed_total"]]],
    ["Sockets closed", "Sum", [["ingest", "dragoman_ingest_sockets_closed_total"], ["notifier", "dragoman_notifier_closed_total"]]],
  ]

  own_charts = [for chart in local.charts : {
    title   = chart[0]
    stat    = chart[1]
    metrics = [for figure in chart[2] : ["Dragoman", figure[1], "environment", var.name, "service", figure[0]]]
  }]

  kafka_charts = [
    {
      title   = "Consumer groups behind, seconds"
      stat    = "Maximum"
      metrics = [for group, topic in local.groups : ["AWS/Kafka", "EstimatedMaxTimeLag", "Cluster Name", var.kafka.cluster_name, "Consumer Group", group, "Topic", topic]]
    },
    {
      title   = "Brokers' storage, percent"
      stat    = "Maximum"
      metrics = [for broker in local.brokers : ["AWS/Kafka", "KafkaDataLogsDiskUsed", "Cluster Name", var.kafka.cluster_name, "Broker ID", broker]]
    },
  ]

  widgets = [for index, chart in concat(local.own_charts, [for chart in local.kafka_charts : chart if length(chart.metrics) > 0]) : {
    type   = "metric"
    x      = index % 2 * 12
    y      = floor(index / 2) * 6
    width  = 12
    height = 6
    properties = {
      title   = chart.title
      region  = data.aws_region.this.region
      stat    = chart.stat
      period  = 60
      metrics = chart.metrics
    }
  }]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.name
  dashboard_body = jsonencode({ widgets = local.widgets })
}
