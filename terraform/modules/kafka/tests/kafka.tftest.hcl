variables {
  name       = "dragoman-test"
  vpc_id     = "vpc-1"
  subnet_ids = ["subnet-a", "subnet-b", "subnet-c"]
  clients    = { ingest = "sg-ingest" }

  provisioned = { instance_type = "kafka.m7g.large" }

  topics = {
    image      = "000000000000.dkr.ecr.eu-west-1.amazonaws.com/dragoman/cli:1"
    partitions = 64
  }
}

run "transactions_survive_a_broker" {
  command = plan

  assert {
    condition = alltrue([for line in [
      "transaction.state.log.replication.factor=3",
      "transaction.state.log.min.isr=2",
      "min.insync.replicas=2",
      "offsets.topic.replication.factor=3",
      "unclean.leader.election.enable=false",
    ] : strcontains(aws_msk_configuration.this[0].server_properties, line)])
    error_message = "a write or a transaction could be lost with one broker"
  }
}

run "a_new_version_of_kafka_finds_the_configuration_that_is_in_use" {
  command = plan

  assert {
    condition     = aws_msk_configuration.this[0].kafka_versions == null
    error_message = "a configuration for some versions alone is replaced with them, and MSK neither deletes one in use nor takes its name twice"
  }
}

run "nothing_appears_or_is_allowed_undeclared" {
  command = plan

  assert {
    condition = alltrue([for line in ["auto.create.topics.enable=false", "allow.everyone.if.no.acl.found=false"] :
    strcontains(aws_msk_configuration.this[0].server_properties, line)])
    error_message = "topics must not be made, nor access given, by default"
  }
}

run "only_iam_over_tls" {
  command = plan

  assert {
    condition     = aws_msk_cluster.this[0].client_authentication[0].sasl[0].iam && !aws_msk_cluster.this[0].client_authentication[0].unauthenticated
    error_message = "clients must sign in by IAM"
  }
  assert {
    condition     = aws_msk_cluster.this[0].encryption_info[0].encryption_in_transit[0].client_broker == "TLS" && aws_msk_cluster.this[0].encryption_info[0].encryption_in_transit[0].in_cluster
    error_message = "traffic must be encrypted"
  }
}

run "only_named_clients_reach_the_brokers" {
  command = plan

  assert {
    condition     = toset(keys(aws_vpc_security_group_ingress_rule.client)) == toset(["ingest", "topics"])
    error_message = "the clients' rules differ from the clients given"
  }
  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.client : rule.from_port == 9098 && rule.to_port == 9098 && rule.cidr_ipv4 == null])
    error_message = "brokers must be open on the IAM port alone, and to groups alone"
  }
}

run "storage_grows_before_it_is_full" {
  command = plan

  assert {
    condition     = aws_appautoscaling_policy.storage[0].target_tracking_scaling_policy_configuration[0].target_value <= 80
    error_message = "storage must grow before it is nearly full"
  }
}

run "topics_get_three_replicas_from_our_own_command" {
  command = apply

  assert {
    condition     = jsondecode(aws_ecs_task_definition.topics.container_definitions)[0].command == ["topics", "apply", "--partitions", "64", "--replication", "3"]
    error_message = "the topics task runs something else"
  }
}

run "serverless_has_no_brokers_of_ones_own" {
  command = plan

  variables {
    provisioned = null
  }

  assert {
    condition     = length(aws_msk_cluster.this) == 0 && length(aws_msk_serverless_cluster.this) == 1
    error_message = "null must choose MSK Serverless"
  }
}

run "a_version_on_which_a_transaction_can_hang_for_ever_is_refused" {
  command = plan

  variables {
    provisioned = { instance_type = "kafka.m7g.large", kafka_version = "3.6.0" }
  }

  expect_failures = [var.provisioned]
}

run "brokers_that_zones_cannot_share_evenly_are_refused" {
  command = plan

  variables {
    provisioned = { instance_type = "kafka.m7g.large", brokers = 4 }
  }

  expect_failures = [var.provisioned]
}

run "no_partitions_are_refused" {
  command = plan

  variables {
    topics = { image = "000000000000.dkr.ecr.eu-west-1.amazonaws.com/dragoman/cli:1", partitions = 0 }
  }

  expect_failures = [var.topics]
}
