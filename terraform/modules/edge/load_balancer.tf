data "aws_ec2_managed_prefix_list" "cloudfront" {
  name = "com.amazonaws.global.cloudfront.origin-facing"
}

locals {
  port = var.domain == null ? 80 : 443
}

resource "aws_security_group" "load_balancer" {
  name        = "${var.name}-load-balancer"
  description = "Load balancer; each service adds its own way out"
  vpc_id      = var.network.vpc_id

  tags = { Name = "${var.name}-load-balancer" }
}

resource "aws_vpc_security_group_ingress_rule" "cloudfront" {
  security_group_id = aws_security_group.load_balancer.id
  description       = "CloudFront alone"
  prefix_list_id    = data.aws_ec2_managed_prefix_list.cloudfront.id
  ip_protocol       = "tcp"
  from_port         = local.port
  to_port           = local.port
}

resource "aws_lb" "this" {
  name               = var.name
  load_balancer_type = "application"
  subnets            = var.network.public_subnet_ids
  security_groups    = [aws_security_group.load_balancer.id]

  # Sockets have pings every 10 s, and the services notice dead peers themselves: this only has to stay out of the way.
  idle_timeout               = 3600
  drop_invalid_header_fields = true
  enable_deletion_protection = var.keep
}

resource "aws_lb_listener" "this" {
  load_balancer_arn = aws_lb.this.arn
  protocol          = var.domain == null ? "HTTP" : "HTTPS"
  port              = local.port
  certificate_arn   = try(var.domain.origin_certificate_arn, null)
  ssl_policy        = var.domain == null ? null : "ELBSecurityPolicy-TLS13-1-2-2021-06"

  default_action {
    type = "fixed-response"

    fixed_response {
      status_code  = "404"
      content_type = "application/json"
      message_body = jsonencode({ code = "not_found", message = "there is nothing at this address" })
    }
  }
}
