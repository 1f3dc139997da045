variables {
  name    = "dragoman-test"
  origins = ["https://talks.example.org"]
}

run "clips_are_private_and_live_a_day" {
  command = plan

  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.clips.block_public_acls,
      aws_s3_bucket_public_access_block.clips.block_public_policy,
      aws_s3_bucket_public_access_block.clips.ignore_public_acls,
      aws_s3_bucket_public_access_block.clips.restrict_public_buckets,
    ])
    error_message = "clips must never be public"
  }
  assert {
    condition     = aws_s3_bucket_lifecycle_configuration.clips.rule[0].expiration[0].days == 1
    error_message = "clips must be gone after a day"
  }
}

run "only_the_apps_pages_may_fetch_clips" {
  command = plan

  assert {
    condition     = alltrue([for rule in aws_s3_bucket_cors_configuration.clips.cors_rule : rule.allowed_origins == toset(["https://talks.example.org"]) && rule.allowed_methods == toset(["GET"])])
    error_message = "the bucket answers other pages, or more than reads"
  }
}

run "nothing_goes_unencrypted" {
  command = apply

  assert {
    condition     = jsondecode(aws_s3_bucket_policy.clips.policy).Statement[0].Effect == "Deny" && jsondecode(aws_s3_bucket_policy.clips.policy).Statement[0].Condition.Bool["aws:SecureTransport"] == ["false"]
    error_message = "plain HTTP must be denied"
  }
}

run "sessions_expire_and_are_kept_from_accidents" {
  command = plan

  assert {
    condition     = one(aws_dynamodb_table.sessions.ttl).enabled && one(aws_dynamodb_table.sessions.ttl).attribute_name == "expires_at"
    error_message = "sessions must expire by themselves"
  }
  assert {
    condition     = aws_dynamodb_table.sessions.deletion_protection_enabled && one(aws_dynamodb_table.sessions.point_in_time_recovery).enabled
    error_message = "sessions must be kept from accidents by default"
  }
}

run "any_page_is_refused_as_an_origin" {
  command = plan

  variables {
    origins = ["*"]
  }

  expect_failures = [var.origins]
}
