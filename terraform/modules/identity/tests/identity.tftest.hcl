variables {
  name = "dragoman-test"
}

run "a_password_never_leaves_the_page" {
  command = plan

  assert {
    condition     = aws_cognito_user_pool_client.speaker.explicit_auth_flows == toset(["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"])
    error_message = "only SRP and refresh are needed"
  }
  assert {
    condition     = !aws_cognito_user_pool_client.speaker.generate_secret
    error_message = "a page can't keep a secret"
  }
}

run "nobody_learns_who_is_a_speaker" {
  command = plan

  assert {
    condition     = aws_cognito_user_pool_client.speaker.prevent_user_existence_errors == "ENABLED" && aws_cognito_user_pool_client.speaker.enable_token_revocation
    error_message = "errors must not tell who has an account, and tokens must be revocable"
  }
}

run "length_is_what_a_password_needs" {
  command = plan

  assert {
    condition     = aws_cognito_user_pool.this.password_policy[0].minimum_length >= 12
    error_message = "passwords must have 12 characters at least"
  }
}

run "speakers_survive_a_destroy" {
  command = plan

  assert {
    condition     = aws_cognito_user_pool.this.deletion_protection == "ACTIVE"
    error_message = "the pool must be kept by default"
  }
}

run "sign_up_can_be_closed" {
  command = plan

  variables {
    self_sign_up = false
  }

  assert {
    condition     = aws_cognito_user_pool.this.admin_create_user_config[0].allow_admin_create_user_only
    error_message = "anybody can still sign up"
  }
}

run "ingest_finds_keys_and_issuer" {
  command = apply

  assert {
    condition     = output.tokens.issuer == "https://cognito-idp.eu-west-1.amazonaws.com/${aws_cognito_user_pool.this.id}" && output.tokens.jwks_url == "${output.tokens.issuer}/.well-known/jwks.json"
    error_message = "issuer or keys are not where Cognito has them"
  }
}
