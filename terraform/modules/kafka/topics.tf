# `dragoman topics apply` as a one-off task: the topics' settings stay in the code that reads and writes them.

data "aws_region" "this" {}

locals {
  # account, region and repository of an image in ECR
  image = regex("^(?P<account>[0-9]{12})\\.dkr\\.ecr\\.(?P<region>[a-z0-9-]+)\\.[a-z.]+/(?P<repository>[^:@]+)", var.topics.image)
}

resource "aws_ecs_task_definition" "topics" {
  family                   = "${var.name}-topics"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 256
  memory                   = 512
  execution_role_arn       = aws_iam_role.topics_execution.arn
  task_role_arn            = aws_iam_role.topics.arn

  container_definitions = jsonencode([{
    name                   = "topics"
    image                  = var.topics.image
    essential              = true
    readonlyRootFilesystem = true
    command = [
      "topics", "apply", "--partitions", tostring(var.topics.partitions), "--replication", tostring(local.replicas),
    ]
    environment = [
      { name = "AWS_DEFAULT_REGION", value = data.aws_region.this.region },
      { name = "DRAGOMAN_KAFKA_BOOTSTRAP", value = local.bootstrap },
      { name = "DRAGOMAN_KAFKA_SIGN_IN", value = "iam" },
    ]
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.topics.name
        awslogs-region        = data.aws_region.this.region
        awslogs-stream-prefix = "topics"
      }
    }
  }])
}

resource "aws_cloudwatch_log_group" "topics" {
  name              = "/${var.name}/topics"
  retention_in_days = var.log_retention_days
}

resource "aws_security_group" "topics" {
  name        = "${var.name}-topics"
  description = "The task that makes topics"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-topics" }
}

resource "aws_vpc_security_group_egress_rule" "topics_kafka" {
  security_group_id            = aws_security_group.topics.id
  description                  = "Kafka"
  referenced_security_group_id = aws_security_group.this.id
  ip_protocol                  = "tcp"
  from_port                    = local.port
  to_port                      = local.port
}

resource "aws_vpc_security_group_egress_rule" "topics_aws" {
  security_group_id = aws_security_group.topics.id
  description       = "AWS services: images and logs"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

data "aws_iam_policy_document" "tasks" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "topics" {
  statement {
    actions   = ["kafka-cluster:Connect"]
    resources = [local.cluster_arn]
  }

  statement {
    actions = [
      "kafka-cluster:CreateTopic",
      "kafka-cluster:DescribeTopic",
      "kafka-cluster:AlterTopic",
      "kafka-cluster:DescribeTopicDynamicConfiguration",
      "kafka-cluster:AlterTopicDynamicConfiguration",
    ]
    resources = ["${replace(local.cluster_arn, ":cluster/", ":topic/")}/*"]
  }
}

data "aws_iam_policy_document" "topics_execution" {
  statement {
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"] # takes no resource
  }

  statement {
    actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = ["arn:aws:ecr:${local.image.region}:${local.image.account}:repository/${local.image.repository}"]
  }

  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.topics.arn}:*"]
  }
}

resource "aws_iam_role" "topics" {
  name               = "${var.name}-topics"
  description        = "What dragoman topics apply may do"
  assume_role_policy = data.aws_iam_policy_document.tasks.json
}

resource "aws_iam_role_policy" "topics" {
  name   = "kafka"
  role   = aws_iam_role.topics.id
  policy = data.aws_iam_policy_document.topics.json
}

resource "aws_iam_role" "topics_execution" {
  name               = "${var.name}-topics-execution"
  description        = "What ECS does to start the topics task"
  assume_role_policy = data.aws_iam_policy_document.tasks.json
}

resource "aws_iam_role_policy" "topics_execution" {
  name   = "start"
  role   = aws_iam_role.topics_execution.id
  policy = data.aws_iam_policy_document.topics_execution.json
}
