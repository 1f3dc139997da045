locals {
  endpoint = "https://cognito-idp.${data.aws_region.this.region}.amazonaws.com"
  issuer   = "${local.endpoint}/${aws_cognito_user_pool.this.id}"
}

output "sign_in" {
  description = "What the speaker's page needs to sign in."
  value = {
    region       = data.aws_region.this.region
    user_pool_id = aws_cognito_user_pool.this.id
    client_id    = aws_cognito_user_pool_client.speaker.id
  }
}

output "endpoint" {
  description = "Origin that the speaker's page talks to."
  value       = local.endpoint
}

output "tokens" {
  description = "What ingest needs to check a token."
  value = {
    issuer    = local.issuer
    jwks_url  = "${local.issuer}/.well-known/jwks.json"
    client_id = aws_cognito_user_pool_client.speaker.id
  }
}
