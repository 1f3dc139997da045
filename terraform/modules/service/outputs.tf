output "security_group_id" {
  description = "The tasks' security group, for Kafka to let in."
  value       = aws_security_group.this.id
}
