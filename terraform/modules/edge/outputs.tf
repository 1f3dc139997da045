output "url" {
  description = "Origin of the pages and of the services behind them."
  value       = "https://${try(var.domain.name, aws_cloudfront_distribution.this.domain_name)}"
}

output "load_balancer" {
  description = "What a service needs to get requests, and what its figures are filed under."
  value = {
    listener_arn      = aws_lb_listener.this.arn
    security_group_id = aws_security_group.load_balancer.id
    arn_suffix        = aws_lb.this.arn_suffix
  }
}
