locals {
  # Figures of the services, counted over five minutes or averaged over one.
  services = merge(local.unreadable, {
    words-late = {
      about  = "Words become text late: look at the transcriber's CPU and its engine."
      metric = "dragoman_transcriber_word_delay_seconds", service = "transcriber", limit = var.limits.word_delay_s
    }
    notices-late = {
      about  = "Listeners are told late: look at the notifier's CPU and at Kafka."
      metric = "dragoman_notifier_announce_delay_seconds", service = "notifier", limit = var.limits.announce_delay_s
    }
    talks-refused = {
      about  = "There are more talks than recognizer streams: raise the transcriber's scaling.max, and the quota of streams."
      metric = "dragoman_transcriber_frames_refused_total", service = "transcriber", limit = 0
    }
    recognizer-failing = {
      about  = "The recognizer keeps failing: look at the transcriber's log for the reason, and at the quota of streams."
      metric = "dragoman_transcriber_failures_total", service = "transcriber", limit = var.limits.recognizer_failures
    }
    words-lost = {
      about  = "Audio was passed over because every recognizer stream failed on it: look at the transcriber's log."
      metric = "dragoman_transcriber_given_up_seconds_total", service = "transcriber", limit = 0
    }
    engines-failing = {
      about  = "Translation, speech or storing fails: look at the translator's log, and at quotas."
      metric = "dragoman_translator_engine_failures_total", service = "translator", limit = var.limits.engine_failures
    }
    quota-used-up = {
      about  = "Translate or Polly refuses calls: raise the account's quota, or lower the tasks' shares of it."
      metric = "dragoman_translator_calls_throttled_total", service = "translator", limit = var.limits.calls_throttled
    }
    captions-failed = {
      about  = "Captions say that translation failed: look at the translator's log."
      metric = "dragoman_translator_losses_total", service = "translator", limit = var.limits.captions_failed
      labels = { loss = "untranslated" }
    }
    lanes-failing = {
      about  = "A fault in the translator's own code came to the surface, and a language of a talk began anew: its log has lane_failed with the trace."
      metric = "dragoman_translator_lane_failures_total", service = "translator", limit = 0
    }
    speech-not-made = {
      about  = "Speech is dropped to keep up, captions go on: look at the engines' delays and quotas."
      metric = "dragoman_translator_losses_total", service = "translator", limit = var.limits.speech_not_made
      labels = { loss = "shed" }
    }
    listeners-cut-off = {
      about  = "Listeners are dropped because they read too slowly: look at the notifier's CPU and network."
      metric = "dragoman_notifier_closed_total", service = "notifier", limit = var.limits.listeners_cut_off
      labels = { code = "4408" }
    }
  })

  unreadable = { for service in ["ingest", "transcriber", "translator", "notifier"] : "${service}-unreadable" => {
    about  = "The ${service} passed over records that it can't use: dragoman topics dead shows them with the cause."
    metric = "dragoman_kafka_unreadable_total", service = service, limit = 0
  } }

  late_percent = "100 * FILL(late, 0) / told"
  lateness = {
    late = { name = "dragoman_notifier_late_total", stat = "Sum" }
    told = { name = "dragoman_notifier_lag_seconds", stat = "SampleCount" }
  }

  errors = {
    server-errors = {
      about  = "Services answer with errors: look at the logs of ingest and notifier."
      metric = "HTTPCode_Target_5XX_Count"
    }
    no-answer = {
      about  = "No task of ingest or of notifier is there to answer: look at their events in ECS, then at their logs."
      metric = "HTTPCode_ELB_5XX_Count"
    }
  }

  groups  = { transcriber = "audio", translator = "transcripts" }
  brokers = toset([for number in range(1, var.kafka.brokers + 1) : tostring(number)])
}

# Without a key: CloudWatch may not use AWS's own one for SNS, and what alarms say is no secret.
resource "aws_sns_topic" "this" {
  name = "${var.name}-alarms"
}

resource "aws_sns_topic_subscription" "email" {
  for_each = var.alarm_emails

  topic_arn = aws_sns_topic.this.arn
  protocol  = "email"
  endpoint  = each.key
}

resource "aws_cloudwatch_metric_alarm" "service" {
  for_each = local.services

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.about
  namespace           = "Dragoman"
  metric_name         = each.value.metric
  dimensions          = merge({ environment = var.name, service = each.value.service }, try(each.value.labels, {}))
  statistic           = endswith(each.value.metric, "_total") ? "Sum" : "Average"
  period              = endswith(each.value.metric, "_total") ? 300 : 60
  evaluation_periods  = endswith(each.value.metric, "_total") ? 1 : 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.limit
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.this.arn]
  ok_actions          = [aws_sns_topic.this.arn]
}

# Histograms reach CloudWatch as sums and counts, of which no percentile can be told. But the 95th is above six seconds
# exactly where more than five percent took longer than that, and those are counted.
resource "aws_cloudwatch_metric_alarm" "lag" {
  alarm_name          = "${var.name}-lag"
  alarm_description   = "More speech than ${var.limits.late_percent} % is announced later than 6 s after its words: see on the dashboard which stage takes the time."
  evaluation_periods  = 2
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.limits.late_percent
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.this.arn]
  ok_actions          = [aws_sns_topic.this.arn]

  metric_query {
    id          = "percent"
    label       = "speech that is late, percent"
    expression  = local.late_percent
    return_data = true
  }

  dynamic "metric_query" {
    for_each = local.lateness

    content {
      id = metric_query.key

      metric {
        namespace   = "Dragoman"
        metric_name = metric_query.value.name
        dimensions  = { environment = var.name, service = "notifier", notice = "speech" }
        stat        = metric_query.value.stat
        period      = 300
      }
    }
  }
}

# Each part may seem well while nothing comes through.
resource "aws_cloudwatch_metric_alarm" "audio_without_text" {
  alarm_name          = "${var.name}-audio-without-text"
  alarm_description   = "Audio has come in for five minutes and no text out: restart the transcriber, then look at its engine."
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.this.arn]
  ok_actions          = [aws_sns_topic.this.arn]

  metric_query {
    id          = "silent"
    label       = "audio in, no text out"
    expression  = "IF(FILL(audio, 0) > 0 AND FILL(finals, 0) < 1, 1, 0)"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = {
      audio  = { name = "dragoman_ingest_audio_bytes_total", service = "ingest" }
      finals = { name = "dragoman_transcriber_finals_total", service = "transcriber" }
    }

    content {
      id = metric_query.key

      metric {
        namespace   = "Dragoman"
        metric_name = metric_query.value.name
        dimensions  = { environment = var.name, service = metric_query.value.service }
        stat        = "Sum"
        period      = 300
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "partition_lag" {
  for_each = local.groups

  alarm_name          = "${var.name}-${each.key}-behind"
  alarm_description   = "The ${each.key} is behind: a task may hang, or there are too few."
  namespace           = "AWS/Kafka"
  metric_name         = "EstimatedMaxTimeLag"
  dimensions          = { "Cluster Name" = var.kafka.cluster_name, "Consumer Group" = each.key, Topic = each.value }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.limits.partition_lag_s
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.this.arn]
  ok_actions          = [aws_sns_topic.this.arn]
}

resource "aws_cloudwatch_metric_alarm" "broker_storage" {
  for_each = local.brokers

  alarm_name          = "${var.name}-broker-${each.key}-storage"
  alarm_description   = "A broker's disk fills up although it grows by itself: raise max_storage_gb."
  namespace           = "AWS/Kafka"
  metric_name         = "KafkaDataLogsDiskUsed"
  dimensions          = { "Cluster Name" = var.kafka.cluster_name, "Broker ID" = each.key }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.limits.broker_storage
  treat_missing_data  = "missing"
  alarm_actions       = [aws_sns_topic.this.arn]
  ok_actions          = [aws_sns_topic.this.arn]
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  for_each = local.errors

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.about
  namespace           = "AWS/ApplicationELB"
  metric_name         = each.value.metric
  dimensions          = { LoadBalancer = var.load_balancer }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 20
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.this.arn]
  ok_actions          = [aws_sns_topic.this.arn]
}
