variables {
  name = "dragoman-test"
  network = {
    vpc_id            = "vpc-1"
    public_subnet_ids = ["subnet-a", "subnet-b", "subnet-c"]
  }
  apps       = "tests/apps"
  sign_in    = { region = "eu-west-1", user_pool_id = "pool", client_id = "client" }
  connect_to = ["https://cognito-idp.eu-west-1.amazonaws.com", "https://s3.eu-west-1.amazonaws.com/clips/"]
}

run "only_cloudfront_reaches_the_load_balancer" {
  command = apply

  assert {
    condition     = aws_vpc_security_group_ingress_rule.cloudfront.cidr_ipv4 == null && aws_vpc_security_group_ingress_rule.cloudfront.prefix_list_id == data.aws_ec2_managed_prefix_list.cloudfront.id
    error_message = "the load balancer must be open to CloudFront alone"
  }
}

run "a_quiet_socket_stays_open" {
  command = plan

  assert {
    condition     = aws_lb.this.idle_timeout >= 600
    error_message = "the load balancer cuts sockets too early"
  }
}

run "services_get_everything_a_socket_needs_and_nothing_is_cached" {
  command = apply

  assert {
    condition     = toset([for one in aws_cloudfront_distribution.this.ordered_cache_behavior : one.path_pattern]) == toset(["/sessions", "/sessions/*", "/languages", "/speak", "/listen"])
    error_message = "CloudFront's paths are not the services'"
  }
  assert {
    condition     = alltrue([for one in aws_cloudfront_distribution.this.ordered_cache_behavior : one.cache_policy_id == data.aws_cloudfront_cache_policy.none.id && one.origin_request_policy_id == data.aws_cloudfront_origin_request_policy.all.id])
    error_message = "services' answers must not be cached, and need the viewer's headers"
  }
}

run "pages_are_checked_for_each_visit_and_their_parts_kept" {
  command = plan

  assert {
    condition     = aws_s3_object.app["listener.html"].cache_control == "no-cache" && strcontains(aws_s3_object.app["assets/app-1a2b3c.js"].cache_control, "immutable")
    error_message = "a new version would not be seen, or its parts fetched for nothing"
  }
  assert {
    condition     = aws_s3_object.app["assets/app-1a2b3c.js"].content_type == "text/javascript"
    error_message = "a browser would refuse the script"
  }
}

run "the_pages_configuration_has_relative_addresses" {
  command = plan

  assert {
    condition     = jsondecode(aws_s3_object.config.content) == { ingest = "", notifier = "", cognito = { region = "eu-west-1", user_pool_id = "pool", client_id = "client" } }
    error_message = "config.json differs from what the pages read"
  }
}

run "apps_are_read_through_cloudfront_alone" {
  command = apply

  assert {
    condition     = aws_s3_bucket_public_access_block.apps.restrict_public_buckets && jsondecode(aws_s3_bucket_policy.apps.policy).Statement[0].Condition.StringEquals["AWS:SourceArn"] == [aws_cloudfront_distribution.this.arn]
    error_message = "the bucket can be read past CloudFront"
  }
}

run "a_hall_behind_one_address_can_join" {
  command = plan

  assert {
    condition     = one(one([for rule in aws_wafv2_web_acl.this.rule : rule]).statement).rate_based_statement[0].limit >= 5000
    error_message = "the limit per address is too low"
  }
}

run "with_a_domain_everything_is_encrypted" {
  command = plan

  variables {
    domain = {
      name                   = "talks.example.org"
      certificate_arn        = "arn:aws:acm:us-east-1:000000000000:certificate/1"
      origin_name            = "origin.talks.example.org"
      origin_certificate_arn = "arn:aws:acm:eu-west-1:000000000000:certificate/2"
      zone_id                = "Z1"
    }
  }

  assert {
    condition     = aws_lb_listener.this.protocol == "HTTPS" && aws_vpc_security_group_ingress_rule.cloudfront.from_port == 443
    error_message = "the load balancer must take HTTPS alone"
  }
  assert {
    condition     = anytrue([for one in aws_cloudfront_distribution.this.origin : one.domain_name == "origin.talks.example.org" && try(one.custom_origin_config[0].origin_protocol_policy == "https-only", false)])
    error_message = "CloudFront must ask the load balancer by HTTPS"
  }
  assert {
    condition     = strcontains(aws_cloudfront_response_headers_policy.pages.security_headers_config[0].content_security_policy[0].content_security_policy, "wss://talks.example.org")
    error_message = "older browsers could not open the sockets"
  }
}

run "a_certificate_that_cloudfront_cannot_use_is_refused" {
  command = plan

  variables {
    domain = {
      name                   = "talks.example.org"
      certificate_arn        = "arn:aws:acm:eu-west-1:000000000000:certificate/1"
      origin_name            = "origin.talks.example.org"
      origin_certificate_arn = "arn:aws:acm:eu-west-1:000000000000:certificate/2"
      zone_id                = "Z1"
    }
  }

  expect_failures = [var.domain]
}

run "apps_that_are_not_built_are_refused" {
  command = plan

  variables {
    apps = "tests"
  }

  expect_failures = [var.apps]
}

run "a_limit_that_shuts_out_a_hall_is_refused" {
  command = plan

  variables {
    requests_per_address = 100
  }

  expect_failures = [var.requests_per_address]
}
