variables {
  name    = "dragoman-test"
  service = "translator"
  images = {
    service   = "000000000000.dkr.ecr.eu-west-1.amazonaws.com/dragoman/translator:1"
    collector = "000000000000.dkr.ecr.eu-west-1.amazonaws.com/dragoman/collector:1"
  }
  size = { cpu = 512, memory = 1024 }
  network = {
    cluster_name       = "dragoman-test"
    vpc_id             = "vpc-1"
    private_subnet_ids = ["subnet-a", "subnet-b", "subnet-c"]
  }
  kafka = {
    cluster_arn       = "arn:aws:kafka:eu-west-1:000000000000:cluster/dragoman-test/uuid"
    bootstrap         = "b-1:9098"
    security_group_id = "sg-kafka"
  }
  clips         = { bucket = "clips", arn = "arn:aws:s3:::clips" }
  sessions      = { table = "sessions", arn = "arn:aws:dynamodb:eu-west-1:000000000000:table/sessions" }
  tokens        = { issuer = "https://issuer", jwks_url = "https://issuer/keys", client_id = "client" }
  url           = "https://talks.example.org"
  load_balancer = { listener_arn = "arn:aws:elasticloadbalancing:eu-west-1:000000000000:listener/app/x/1/2", security_group_id = "sg-alb" }
  scaling = {
    min = 2
    max = 8
    signals = {
      backlog = { target = 6, namespace = "Dragoman", name = "dragoman_translator_backlog_seconds", statistic = "Average", dimensions = { service = "translator" } }
    }
  }
}

run "drains_before_it_is_killed" {
  command = apply

  assert {
    condition     = jsondecode(aws_ecs_task_definition.this.container_definitions)[0].stopTimeout > 25 && jsondecode(aws_ecs_task_definition.this.container_definitions)[0].stopTimeout <= 120
    error_message = "the stop timeout must be above the services' own drain limit and within Fargate's 120 s"
  }
}

run "a_failed_deployment_rolls_back_and_never_leaves_fewer_tasks" {
  command = plan

  assert {
    condition     = aws_ecs_service.this.deployment_circuit_breaker[0].enable && aws_ecs_service.this.deployment_circuit_breaker[0].rollback
    error_message = "a deployment that fails must roll back by itself"
  }
  assert {
    condition     = aws_ecs_service.this.deployment_minimum_healthy_percent == 100 && aws_ecs_service.this.deployment_maximum_percent == 200
    error_message = "a new task must be there before an old one goes"
  }
}

run "runs_without_a_public_address_or_a_writable_root" {
  command = apply

  assert {
    condition     = !aws_ecs_service.this.network_configuration[0].assign_public_ip
    error_message = "tasks must have no public address"
  }
  assert {
    condition     = alltrue([for container in jsondecode(aws_ecs_task_definition.this.container_definitions) : container.readonlyRootFilesystem])
    error_message = "containers must not write to their root"
  }
}

run "nobody_can_connect_to_a_service_that_nobody_calls" {
  command = plan

  assert {
    condition     = length(aws_vpc_security_group_ingress_rule.load_balancer) == 0 && length(aws_lb_target_group.this) == 0
    error_message = "a service without a load balancer must be closed"
  }
}

run "only_the_load_balancer_can_connect" {
  command = plan

  variables {
    service = "notifier"
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.load_balancer[0].referenced_security_group_id == "sg-alb" && aws_vpc_security_group_ingress_rule.load_balancer[0].from_port == 18084 && aws_vpc_security_group_ingress_rule.load_balancer[0].to_port == 18084
    error_message = "only the load balancer may connect, and to the service's port alone"
  }
  assert {
    condition     = tonumber(aws_lb_target_group.this[0].deregistration_delay) >= 5 && tonumber(aws_lb_target_group.this[0].deregistration_delay) <= 30
    error_message = "requests take up to 5 s to finish; more than 30 s would only delay an update"
  }
  assert {
    condition     = aws_lb_target_group.this[0].health_check[0].path == "/readyz"
    error_message = "a task that isn't ready must get no requests"
  }
}

run "its_role_reaches_its_own_topics_group_and_transactions_alone" {
  command = apply

  assert {
    condition     = toset(flatten([for one in jsondecode(data.aws_iam_policy_document.task.json).Statement : one.Resource if one.Sid == "KafkaWrite"])) == toset([for topic in ["dead", "translations"] : "arn:aws:kafka:eu-west-1:000000000000:topic/dragoman-test/uuid/${topic}"])
    error_message = "the role may write elsewhere"
  }
  assert {
    condition     = toset(flatten([for one in jsondecode(data.aws_iam_policy_document.task.json).Statement : one.Resource if contains(["KafkaGroup", "KafkaTransactions"], one.Sid)])) == toset(["arn:aws:kafka:eu-west-1:000000000000:group/dragoman-test/uuid/translator", "arn:aws:kafka:eu-west-1:000000000000:transactional-id/dragoman-test/uuid/translator-*"])
    error_message = "the role must reach its own group and transactional ids"
  }
  assert {
    condition     = [for one in jsondecode(data.aws_iam_policy_document.task.json).Statement : one.Sid if contains(flatten([one.Resource]), "*")] == ["TranslateAndSpeak"]
    error_message = "the role reaches everything"
  }
}

run "a_service_without_transactions_has_no_rights_to_them" {
  command = apply

  variables {
    service = "ingest"
  }

  assert {
    condition     = !strcontains(data.aws_iam_policy_document.task.json, "Transactional") && !strcontains(data.aws_iam_policy_document.task.json, "Group\"")
    error_message = "the role has rights that the service doesn't use"
  }
}

run "tasks_go_slowly_and_come_quickly" {
  command = plan

  assert {
    condition     = aws_appautoscaling_policy.this["backlog"].target_tracking_scaling_policy_configuration[0].scale_in_cooldown > 10 * aws_appautoscaling_policy.this["backlog"].target_tracking_scaling_policy_configuration[0].scale_out_cooldown
    error_message = "a task that goes moves talks: it must happen rarely"
  }
}

run "an_image_without_a_fixed_version_is_refused" {
  command = plan

  variables {
    images = {
      service   = "000000000000.dkr.ecr.eu-west-1.amazonaws.com/dragoman/translator:latest"
      collector = "000000000000.dkr.ecr.eu-west-1.amazonaws.com/dragoman/collector:1"
    }
  }

  expect_failures = [var.images]
}

run "a_variable_that_is_no_setting_is_refused" {
  command = plan

  variables {
    settings = { AWS_SECRET_ACCESS_KEY = "x" }
  }

  expect_failures = [var.settings]
}

run "fewer_tasks_at_most_than_at_least_are_refused" {
  command = plan

  variables {
    scaling = { min = 4, max = 2, signals = {} }
  }

  expect_failures = [var.scaling]
}

run "nothing_is_traced_unless_it_is_asked_for" {
  command = apply

  assert {
    condition     = !strcontains(aws_ecs_task_definition.this.container_definitions, "TRACES") && !strcontains(aws_ecs_task_definition.this.container_definitions, "awsxray") && !strcontains(data.aws_iam_policy_document.task.json, "xray")
    error_message = "traces are taken, or may be written, although there are none"
  }
}

run "traces_go_to_the_collector_beside_it_and_a_share_of_them_to_xray" {
  command = apply

  variables {
    traced_percent = 10
  }

  assert {
    condition     = contains([for one in jsondecode(aws_ecs_task_definition.this.container_definitions)[0].environment : "${one.name}=${one.value}"], "DRAGOMAN_TRACES_ENDPOINT=http://${jsondecode(jsondecode(aws_ecs_task_definition.this.container_definitions)[1].environment[0].value).receivers.otlp.protocols.http.endpoint}/v1/traces")
    error_message = "the service must send to where its collector listens"
  }
  assert {
    condition     = jsondecode(jsondecode(aws_ecs_task_definition.this.container_definitions)[1].environment[0].value).processors.probabilistic_sampler.sampling_percentage == 10
    error_message = "the collector must keep the share that is asked for"
  }
  assert {
    condition     = jsondecode(jsondecode(aws_ecs_task_definition.this.container_definitions)[1].environment[0].value).service.pipelines.traces.exporters == ["awsxray"]
    error_message = "traces must go to X-Ray"
  }
  assert {
    condition     = toset(flatten([for one in jsondecode(data.aws_iam_policy_document.task.json).Statement : one.Action if one.Sid == "Traces"])) == toset(["xray:PutTelemetryRecords", "xray:PutTraceSegments"])
    error_message = "the role must let the collector write traces"
  }
}

run "services_that_trace_nothing_have_no_part_in_it" {
  command = apply

  variables {
    service        = "ingest"
    traced_percent = 10
  }

  assert {
    condition     = !strcontains(aws_ecs_task_definition.this.container_definitions, "TRACES") && !strcontains(data.aws_iam_policy_document.task.json, "xray")
    error_message = "ingest traces nothing by itself"
  }
}

run "more_than_all_traces_are_refused" {
  command = plan

  variables {
    traced_percent = 101
  }

  expect_failures = [var.traced_percent]
}
