locals {
  full_name = "${var.name}-${var.service}"

  # Every instance needs a name of its own; ECS gives none but the task's, in the address of its metadata.
  command = "DRAGOMAN_INSTANCE=$${ECS_CONTAINER_METADATA_URI_V4##*/} exec python -m services.${var.service}"

  # An old task goes once its successor is healthy. Whether one is ready the load balancer asks; where there is none, this has
  # to. A minute is longer than a task waits for Kafka before it ends itself.
  health  = local.called ? { path = "/healthz", retries = 3 } : { path = "/readyz", retries = 6 }
  healthy = "import urllib.request as u; u.urlopen('http://127.0.0.1:${local.service.port}${local.health.path}', timeout=2)"

  environment = merge({
    AWS_DEFAULT_REGION       = local.region
    DRAGOMAN_HOST            = "0.0.0.0"
    DRAGOMAN_KAFKA_BOOTSTRAP = var.kafka.bootstrap
    DRAGOMAN_KAFKA_SIGN_IN   = "iam"

    "DRAGOMAN_${upper(var.service)}_PORT" = tostring(local.service.port)
  }, local.service.environment, local.traced ? { DRAGOMAN_TRACES_ENDPOINT = "http://${local.otlp}/v1/traces" } : {}, var.settings)

  logs = { for container in ["service", "collector"] : container => {
    logDriver = "awslogs"
    options = {
      awslogs-group         = aws_cloudwatch_log_group.this.name
      awslogs-region        = local.region
      awslogs-stream-prefix = container
    }
  } }

  containers = [
    {
      name                   = var.service
      image                  = var.images.service
      essential              = true
      readonlyRootFilesystem = true
      entryPoint             = ["sh", "-c"]
      command                = [local.command]
      environment            = [for name, value in local.environment : { name = name, value = value }]
      portMappings           = [{ containerPort = local.service.port, protocol = "tcp" }]
      linuxParameters        = { initProcessEnabled = true, capabilities = { drop = ["ALL"] } }
      logConfiguration       = local.logs["service"]
      stopTimeout            = 30 # a service leaves within 25 s by itself
      healthCheck = {
        command     = ["CMD", "python", "-c", local.healthy]
        interval    = 10
        timeout     = 5
        retries     = local.health.retries
        startPeriod = 30
      }
    },
    {
      name                   = "collector"
      image                  = var.images.collector
      essential              = false # a service without figures still serves
      readonlyRootFilesystem = true
      environment            = [{ name = "AOT_CONFIG_CONTENT", value = jsonencode(local.collector) }]
      logConfiguration       = local.logs["collector"]
    },
  ]
}

resource "aws_ecs_task_definition" "this" {
  family                   = local.full_name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.size.cpu
  memory                   = var.size.memory
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn
  container_definitions    = jsonencode(local.containers)
}

resource "aws_ecs_service" "this" {
  name            = var.service
  cluster         = var.network.cluster_name
  task_definition = aws_ecs_task_definition.this.arn
  launch_type     = "FARGATE"
  desired_count   = var.scaling.min
  propagate_tags  = "SERVICE"

  # A new task is ready before an old one goes.
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200
  health_check_grace_period_seconds  = local.called ? 60 : null

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets          = var.network.private_subnet_ids
    security_groups  = [aws_security_group.this.id]
    assign_public_ip = false
  }

  dynamic "load_balancer" {
    for_each = aws_lb_target_group.this

    content {
      target_group_arn = load_balancer.value.arn
      container_name   = var.service
      container_port   = local.service.port
    }
  }

  lifecycle {
    ignore_changes = [desired_count] # autoscaling's
  }

  depends_on = [aws_lb_listener_rule.this, aws_iam_role_policy.task, aws_iam_role_policy.execution]
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/${var.name}/${var.service}"
  retention_in_days = var.log_retention_days
}

resource "aws_lb_target_group" "this" {
  count = local.called ? 1 : 0

  name        = local.full_name
  vpc_id      = var.network.vpc_id
  target_type = "ip"
  protocol    = "HTTP"
  port        = local.service.port

  # A socket lives for hours, so count those that are open instead of taking turns.
  load_balancing_algorithm_type = "least_outstanding_requests"

  # ECS sends SIGTERM only after this. Requests take less; sockets are told by the service itself, with a code by which
  # clients come back at once, so waiting for them would only delay an update.
  deregistration_delay = 10

  health_check {
    path                = "/readyz"
    matcher             = "200"
    interval            = 10
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 3
  }
}

resource "aws_lb_listener_rule" "this" {
  count = local.called ? 1 : 0

  listener_arn = var.load_balancer.listener_arn
  priority     = local.service.priority

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this[0].arn
  }

  condition {
    path_pattern {
      values = local.service.paths
    }
  }
}

resource "aws_security_group" "this" {
  name        = local.full_name
  description = "Tasks of ${var.service}"
  vpc_id      = var.network.vpc_id

  tags = { Name = local.full_name }
}

resource "aws_vpc_security_group_ingress_rule" "load_balancer" {
  count = local.called ? 1 : 0

  security_group_id            = aws_security_group.this.id
  description                  = "Requests and sockets from the load balancer"
  referenced_security_group_id = var.load_balancer.security_group_id
  ip_protocol                  = "tcp"
  from_port                    = local.service.port
  to_port                      = local.service.port
}

resource "aws_vpc_security_group_egress_rule" "load_balancer" {
  count = local.called ? 1 : 0

  security_group_id            = var.load_balancer.security_group_id
  description                  = "Requests and sockets to ${var.service}"
  referenced_security_group_id = aws_security_group.this.id
  ip_protocol                  = "tcp"
  from_port                    = local.service.port
  to_port                      = local.service.port
}

resource "aws_vpc_security_group_egress_rule" "kafka" {
  security_group_id            = aws_security_group.this.id
  description                  = "Kafka, by IAM over TLS"
  referenced_security_group_id = var.kafka.security_group_id
  ip_protocol                  = "tcp"
  from_port                    = 9098
  to_port                      = 9098
}

resource "aws_vpc_security_group_egress_rule" "aws" {
  security_group_id = aws_security_group.this.id
  description       = "AWS services"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}
