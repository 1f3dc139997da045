output "url" {
  description = "Where speakers and listeners go."
  value       = module.edge.url
}

output "apply_topics" {
  description = "Makes the topics, or widens them: to be run once before the first talk, and after each change of them."
  value = join(" ", [
    "aws ecs run-task --region ${local.region} --cluster ${module.network.cluster_name} --launch-type FARGATE",
    "--task-definition ${module.kafka.topics.task_definition} --network-configuration",
    "'awsvpcConfiguration={subnets=[${join(",", module.network.private_subnet_ids)}],securityGroups=[${module.kafka.topics.security_group_id}]}'",
  ])
}

output "dashboard" {
  description = "The dashboard's name in CloudWatch."
  value       = module.observability.dashboard
}
