output "cluster_arn" {
  description = "The cluster, from which the ARNs of topics, groups and transactional ids are made."
  value       = local.cluster_arn
}

output "cluster_name" {
  description = "As it stands in CloudWatch's dimensions."
  value       = var.name
}

output "brokers" {
  description = "How many brokers there are; none of one's own on Serverless."
  value       = local.serverless ? 0 : var.provisioned.brokers
}

output "bootstrap" {
  description = "host:port of brokers, for IAM over TLS."
  value       = local.bootstrap
}

output "security_group_id" {
  description = "The brokers' security group."
  value       = aws_security_group.this.id
}

output "topics" {
  description = "What aws ecs run-task needs to make the topics."
  value = {
    task_definition   = aws_ecs_task_definition.topics.arn
    security_group_id = aws_security_group.topics.id
  }
}
