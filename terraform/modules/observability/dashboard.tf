data "aws_region" "this" {}

locals {
  stages = [
    "capture", "audio_topic", "agree", "recognize", "transcripts_topic", "decide", "translate", "synthesize", "store",
    "translations_topic", "notify",
  ]

  # Each figure: service, metric, and where it is told apart by a label, that and its value.
  charts = [
    {
      title = "Talks and listeners, mean per task"
      stat  = "Average"
      figures = [
        ["ingest", "dragoman_ingest_sockets"], ["transcriber", "dragoman_transcriber_streams"],
        ["notifier", "dragoman_notifier_listeners"],
      ]
    },
    {
      title   = "Lag from the words to the notice, mean seconds"
      stat    = "Average"
      figures = [for notice in ["transcript", "caption", "speech"] : ["notifier", "dragoman_notifier_lag_seconds", "notice", notice]]
    },
    {
      title   = "Lag by stage, mean seconds"
      stat    = "Average"
      stacked = true
      figures = [for stage in local.stages : ["notifier", "dragoman_notifier_stage_seconds", "stage", stage]]
    },
    {
      title = "Waiting to be heard, and to be recognized, mean seconds"
      stat  = "Average"
      figures = [
        ["translator", "dragoman_translator_backlog_seconds"], ["transcriber", "dragoman_transcriber_word_delay_seconds"],
      ]
    },
    {
      title = "Audio in, text and speech out"
      stat  = "Sum"
      figures = [
        ["ingest", "dragoman_ingest_frames_total"], ["transcriber", "dragoman_transcriber_finals_total"],
        ["translator", "dragoman_translator_segments_total"], ["notifier", "dragoman_notifier_sent_total"],
      ]
    },
    {
      title = "What listeners went without"
      stat  = "Sum"
      figures = concat(
        [for loss in ["untranslated", "unspoken", "shed"] : ["translator", "dragoman_translator_losses_total", "loss", loss]],
        [
          ["transcriber", "dragoman_transcriber_given_up_seconds_total"],
          ["transcriber", "dragoman_transcriber_frames_refused_total"],
          ["notifier", "dragoman_notifier_closed_total", "code", "4408"],
        ]
      )
    },
    {
      title = "Engines that fail, or have too much to do"
      stat  = "Sum"
      figures = [
        ["transcriber", "dragoman_transcriber_failures_total"], ["translator", "dragoman_translator_engine_failures_total"],
        ["translator", "dragoman_translator_calls_throttled_total"], ["translator", "dragoman_translator_calls_shed_total"],
      ]
    },
    {
      title   = "Records that were passed over"
      stat    = "Sum"
      figures = [for service in ["ingest", "transcriber", "translator", "notifier"] : [service, "dragoman_kafka_unreadable_total"]]
    },
    {
      title = "Billed: characters, seconds of audio"
      stat  = "Sum"
      figures = [
        ["translator", "dragoman_translator_billed_characters_total", "engine", "translate"],
        ["translator", "dragoman_translator_billed_characters_total", "engine", "polly"],
        ["transcriber", "dragoman_transcriber_billed_seconds_total"],
      ]
    },
    {
      title   = "Kafka transactions, mean seconds"
      stat    = "Average"
      figures = [for service in keys(local.groups) : [service, "dragoman_kafka_transaction_seconds"]]
    },
    {
      title   = "Records that wait, mean per task"
      stat    = "Average"
      figures = [for service in keys(local.groups) : [service, "dragoman_kafka_records_behind"]]
    },
  ]

  own_charts = concat(
    [for chart in local.charts : {
      title   = chart.title
      stat    = chart.stat
      stacked = try(chart.stacked, false)
      metrics = [for figure in chart.figures : concat(["Dragoman", figure[1], "environment", var.name, "service", figure[0]], slice(figure, 2, length(figure)))]
    }],
    [{
      title   = "Speech later than 6 s, percent: above 5, and the 95th percentile of its lag is above 6 s"
      stat    = "Sum"
      stacked = false
      metrics = concat(
        [[{ expression = local.late_percent, label = "late" }]],
        [for id, part in local.lateness : ["Dragoman", part.name, "environment", var.name, "service", "notifier", "notice", "speech", { id = id, stat = part.stat, visible = false }]]
      )
    }]
  )

  kafka_charts = [
    {
      title   = "Consumer groups behind, seconds"
      stat    = "Maximum"
      stacked = false
      metrics = [for group, topic in local.groups : ["AWS/Kafka", "EstimatedMaxTimeLag", "Cluster Name", var.kafka.cluster_name, "Consumer Group", group, "Topic", topic]]
    },
    {
      title   = "Brokers' storage, percent"
      stat    = "Maximum"
      stacked = false
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
      stacked = chart.stacked
      view    = "timeSeries"
      period  = 60
      metrics = chart.metrics
    }
  }]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.name
  dashboard_body = jsonencode({ widgets = local.widgets })
}
