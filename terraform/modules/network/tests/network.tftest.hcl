variables {
  name = "dragoman-test"
}

run "tasks_and_brokers_have_no_public_address" {
  command = apply

  assert {
    condition     = alltrue([for subnet in aws_subnet.private : subnet.map_public_ip_on_launch != true])
    error_message = "a private subnet gives out public addresses"
  }
  assert {
    condition     = alltrue([for table in aws_route_table.private : alltrue([for route in table.route : try(length(route.gateway_id) == 0, true)])])
    error_message = "a private subnet has a way past NAT"
  }
}

run "nobody_is_in_the_default_group_by_accident" {
  command = plan

  assert {
    condition     = length(coalesce(aws_default_security_group.this.ingress, [])) == 0
    error_message = "the default security group lets something in"
  }
}

run "three_zones_without_overlap" {
  command = plan

  assert {
    condition     = length(distinct(concat([for one in aws_subnet.private : one.cidr_block], [for one in aws_subnet.public : one.cidr_block]))) == 6
    error_message = "there must be six distinct subnets"
  }
}

run "s3_and_dynamodb_cost_nothing_to_reach" {
  command = plan

  assert {
    condition     = toset([for one in aws_vpc_endpoint.gateway : one.vpc_endpoint_type]) == toset(["Gateway"])
    error_message = "S3 and DynamoDB must have gateway endpoints"
  }
  assert {
    condition     = length(aws_vpc_endpoint.interface) == 0
    error_message = "interface endpoints cost by the hour and must be asked for"
  }
}

run "endpoints_take_https_from_inside_alone" {
  command = plan

  variables {
    interface_endpoints = ["transcribestreaming"]
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.endpoints.cidr_ipv4 == "10.0.0.0/16" && aws_vpc_security_group_ingress_rule.endpoints.from_port == 443
    error_message = "endpoints must be open to the VPC alone"
  }
  assert {
    condition     = aws_vpc_endpoint.interface["transcribestreaming"].private_dns_enabled
    error_message = "clients must find the endpoint under the service's own name"
  }
}

run "a_bad_network_is_refused" {
  command = plan

  variables {
    cidr = "10.0.0.0/28"
  }

  expect_failures = [var.cidr]
}

run "a_paid_endpoint_for_s3_is_refused" {
  command = plan

  variables {
    interface_endpoints = ["s3"]
  }

  expect_failures = [var.interface_endpoints]
}

run "a_network_without_a_way_out_is_refused" {
  command = plan

  variables {
    nat_gateways = 0
  }

  expect_failures = [var.nat_gateways]
}
