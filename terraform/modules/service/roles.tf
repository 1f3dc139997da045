# Two roles: what ECS does to start a task, and what the code in it does.

locals {
  # account, region and repository of each image in ECR
  repositories = [for image in values(var.images) :
  regex("^(?P<account>[0-9]{12})\\.dkr\\.ecr\\.(?P<region>[a-z0-9-]+)\\.[a-z.]+/(?P<repository>[^:@]+)", image)]

  topics         = replace(var.kafka.cluster_arn, ":cluster/", ":topic/")
  group          = "${replace(var.kafka.cluster_arn, ":cluster/", ":group/")}/${var.service}"
  transactionals = "${replace(var.kafka.cluster_arn, ":cluster/", ":transactional-id/")}/${var.service}-*"
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

data "aws_iam_policy_document" "execution" {
  statement {
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"] # takes no resource
  }

  statement {
    actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = [for one in local.repositories : "arn:aws:ecr:${one.region}:${one.account}:repository/${one.repository}"]
  }

  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.this.arn}:*"]
  }
}

data "aws_iam_policy_document" "task" {
  # Every producer is idempotent.
  statement {
    sid       = "KafkaCluster"
    actions   = ["kafka-cluster:Connect", "kafka-cluster:WriteDataIdempotently"]
    resources = [var.kafka.cluster_arn]
  }

  statement {
    sid       = "KafkaRead"
    actions   = ["kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"]
    resources = [for topic in local.service.reads : "${local.topics}/${topic}"]
  }

  statement {
    sid       = "KafkaWrite"
    actions   = ["kafka-cluster:DescribeTopic", "kafka-cluster:WriteData"]
    resources = [for topic in concat(local.service.writes, ["dead"]) : "${local.topics}/${topic}"]
  }

  dynamic "statement" {
    for_each = local.service.transactional ? [true] : []

    content {
      sid       = "KafkaGroup"
      actions   = ["kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup"]
      resources = [local.group]
    }
  }

  dynamic "statement" {
    for_each = local.service.transactional ? [true] : []

    content {
      sid       = "KafkaTransactions"
      actions   = ["kafka-cluster:AlterTransactionalId", "kafka-cluster:DescribeTransactionalId"]
      resources = [local.transactionals]
    }
  }

  statement {
    sid       = "Figures"
    actions   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.metrics.arn}:*"]
  }

  dynamic "statement" {
    for_each = local.traced ? [true] : []

    content {
      sid       = "Traces"
      actions   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
      resources = ["*"] # they take none
    }
  }

  dynamic "statement" {
    for_each = local.service.permissions

    content {
      sid       = statement.key
      actions   = statement.value.actions
      resources = statement.value.resources
    }
  }
}

resource "aws_iam_role" "execution" {
  name               = "${local.full_name}-execution"
  description        = "What ECS does to start ${var.service}"
  assume_role_policy = data.aws_iam_policy_document.tasks.json
}

resource "aws_iam_role_policy" "execution" {
  name   = "start"
  role   = aws_iam_role.execution.id
  policy = data.aws_iam_policy_document.execution.json
}

resource "aws_iam_role" "task" {
  name               = local.full_name
  description        = "What ${var.service} may do"
  assume_role_policy = data.aws_iam_policy_document.tasks.json
}

resource "aws_iam_role_policy" "task" {
  name   = "work"
  role   = aws_iam_role.task.id
  policy = data.aws_iam_policy_document.task.json
}
