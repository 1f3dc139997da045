# A backstop against floods; guessing codes is limited by the services, per failure, so that a hall behind one address
# can join at once. Somebody's own distribution of CloudFront could lead to the load balancer past this: a header that only ours
# sends would have to be a secret in Terraform's state, so the services' limits are what counts.
resource "aws_wafv2_web_acl" "this" {
  region = "us-east-1" # CloudFront's

  name        = var.name
  description = "Limits what one address may ask for"
  scope       = "CLOUDFRONT"

  default_action {
    allow {}
  }

  rule {
    name     = "requests-per-address"
    priority = 1

    action {
      block {}
    }

    statement {
      rate_based_statement {
        aggregate_key_type    = "IP"
        evaluation_window_sec = 300
        limit                 = var.requests_per_address
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "${var.name}-requests-per-address"
      sampled_requests_enabled   = false
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = var.name
    sampled_requests_enabled   = false
  }
}
