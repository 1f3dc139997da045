variables {
  name          = "dragoman-test"
  kafka         = { cluster_name = "dragoman-test", brokers = 3 }
  load_balancer = "app/dragoman-test/1"
}

run "somebody_is_told_when_audio_brings_no_text" {
  command = apply

  assert {
    condition     = anytrue([for query in aws_cloudwatch_metric_alarm.audio_without_text.metric_query : query.return_data == true && try(strcontains(query.expression, "audio") && strcontains(query.expression, "finals"), false)])
    error_message = "the alarm compares something else"
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.audio_without_text.alarm_actions == toset([aws_sns_topic.this.arn])
    error_message = "nobody is told"
  }
}

run "every_alarm_tells_somebody_and_says_what_to_do" {
  command = apply

  assert {
    condition = alltrue([for alarm in concat(
      values(aws_cloudwatch_metric_alarm.service), values(aws_cloudwatch_metric_alarm.partition_lag), values(aws_cloudwatch_metric_alarm.broker_storage),
      values(aws_cloudwatch_metric_alarm.errors),
    [aws_cloudwatch_metric_alarm.lag, aws_cloudwatch_metric_alarm.audio_without_text]) : length(alarm.alarm_actions) == 1 && length(alarm.alarm_description) > 30])
    error_message = "an alarm tells nobody, or not what to do"
  }
}

run "each_consumer_group_and_each_broker_is_watched" {
  command = plan

  assert {
    condition     = toset(keys(aws_cloudwatch_metric_alarm.partition_lag)) == toset(["transcriber", "translator"])
    error_message = "a consumer group isn't watched"
  }
  assert {
    condition     = toset(keys(aws_cloudwatch_metric_alarm.broker_storage)) == toset(["1", "2", "3"])
    error_message = "a broker isn't watched"
  }
}

run "listeners_who_were_dropped_are_counted_by_their_close_code" {
  command = plan

  assert {
    condition     = aws_cloudwatch_metric_alarm.service["listeners-cut-off"].dimensions.code == "4408"
    error_message = "4408 is the code of a listener that didn't read"
  }
}

run "lag_is_judged_by_how_much_speech_is_late" {
  command = apply

  variables {
    limits = { late_percent = 10 }
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.lag.threshold == 10 && anytrue([for query in aws_cloudwatch_metric_alarm.lag.metric_query : query.return_data == true && try(strcontains(query.expression, "late") && strcontains(query.expression, "told"), false)])
    error_message = "the alarm must compare late speech with all speech"
  }
  assert {
    condition     = toset([for query in aws_cloudwatch_metric_alarm.lag.metric_query : query.metric[0].stat if length(query.metric) > 0]) == toset(["Sum", "SampleCount"])
    error_message = "late speech is summed, all speech is the histogram's count"
  }
}

run "engines_losses_and_quotas_are_watched" {
  command = plan

  assert {
    condition = length(setsubtract([
      "engines-failing", "recognizer-failing", "quota-used-up", "words-lost", "captions-failed", "lanes-failing", "speech-not-made", "listeners-cut-off",
      "ingest-unreadable", "transcriber-unreadable", "translator-unreadable", "notifier-unreadable",
    ], keys(aws_cloudwatch_metric_alarm.service))) == 0
    error_message = "something that goes wrong tells nobody"
  }
}

run "serverless_has_no_brokers_to_watch" {
  command = plan

  variables {
    kafka = { cluster_name = "dragoman-test", brokers = 0 }
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.broker_storage) == 0 && length(jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets) == 13
    error_message = "brokers are watched that are not there"
  }
}

run "no_answer_at_all_is_told_as_well_as_wrong_ones" {
  command = plan

  assert {
    condition     = toset([for alarm in aws_cloudwatch_metric_alarm.errors : alarm.metric_name]) == toset(["HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count"])
    error_message = "where no task is left the load balancer answers, and the services count no error"
  }
}

run "a_limit_at_which_it_is_too_late_is_refused" {
  command = plan

  variables {
    limits = { broker_storage = 99 }
  }

  expect_failures = [var.limits]
}

run "something_that_is_no_address_is_refused" {
  command = plan

  variables {
    alarm_emails = ["nobody"]
  }

  expect_failures = [var.alarm_emails]
}
