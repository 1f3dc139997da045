locals {
  # Figures of the services, counted over five minutes or averaged over one.
  services = {
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
    recognizer-reopened = {
      about  = "The recognizer keeps failing: look at the transcriber's log for the reason."
      metric = "dragoman_transcriber_failures_total", service = "transcriber", limit = var.limits.recognizer_reopens
    }
    engines-failing = {
      about  = "Translation, speech or storing fails: look at the translator's log, and at quotas."
      metric = "dragoman_translator_engine_failures_total", service = "translator", limit = var.limits.engine_failures
    }
    speech-not-made = {
      about  = "Speech is dropped to keep up, captions go on: look at the engines' delays and quotas."
      metric = "dragoman_translator_segments_shed_total", service = "translator", limit = var.limits.speech_not_made
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
  dimensions          = { environment = var.name, service = each.value.service }
  statistic           = endswith(each.value.metric, "_total") ? "Sum" : "Average"
  period              = endswith(each.value.metric, "_total") ? 300 : 60
  evaluation_periods  = endswith(each.value.metric, "_total") ? 1 : 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.limit
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.this.arn]
  ok_actions          = [aws_sns_topic.this.arn]
}

resource "aws_cloudwatch_metric_alarm" "listeners_cut_off" {
  alarm_name          = "${var.name}-listeners-cut-off"
  alarm_description   = "Listeners are dropped because they read too slowly: look at the notifier's CPU and network."
  namespace           = "Dragoman"
  metric_name         = "dragoman_notifier_closed_total"
  dimensions          = { environment = var.name, service = "notifier", code = "4408" }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.limits.listeners_cut_off
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.this.arn]
  ok_actions          = [aws_sns_topic.this.arn]
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

resource "aws_cloudwatch_metric_alarm" "server_errors" {
  alarm_name          = "${var.name}-server-errors"
  alarm_description   = "Services answer with errors: look at the logs of ingest and notifier."
  namespace           = "AWS/ApplicationELB"
  metric_name         = "HTTPCode_Target_5XX_Count"
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
