# What each of the four services is: how it is reached, what it reads and writes, what it must know and may do.
# tests/terraform compares all of it with the services' code.

data "aws_region" "this" {}

locals {
  service = {
    ingest = {
      port          = 18081
      paths         = ["/sessions", "/sessions/*", "/languages", "/speak"]
      priority      = 10
      reads         = ["audio", "audience", "sessions"]
      writes        = ["audio", "sessions"]
      transactional = false
      environment = {
        DRAGOMAN_ALLOWED_ORIGINS    = var.url
        DRAGOMAN_AWS_REGION         = local.region
        DRAGOMAN_JWKS_URL           = var.tokens.jwks_url
        DRAGOMAN_PROXIES            = "2" # CloudFront and the load balancer
        DRAGOMAN_RECOGNIZER         = "aws"
        DRAGOMAN_SESSIONS_TABLE     = var.sessions.table
        DRAGOMAN_TOKEN_CLIENT_ID    = var.tokens.client_id
        DRAGOMAN_TOKEN_ISSUER       = var.tokens.issuer
        DRAGOMAN_TRANSLATOR_ENGINES = "aws"
      }
      permissions = {
        Sessions = {
          actions   = ["dynamodb:DeleteItem", "dynamodb:DescribeTable", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
          resources = [var.sessions.arn]
        }
        SessionsOfOwner = {
          actions   = ["dynamodb:Query"]
          resources = ["${var.sessions.arn}/index/owner-index"]
        }
      }
    }

    transcriber = {
      port          = 18082
      paths         = []
      priority      = null
      reads         = ["audio", "transcripts"]
      writes        = ["transcripts"]
      transactional = true
      environment   = { DRAGOMAN_RECOGNIZER = "aws" }
      permissions = {
        Recognize = {
          actions   = ["transcribe:StartStreamTranscription"]
          resources = ["*"] # takes no resource
        }
      }
    }

    translator = {
      port          = 18083
      paths         = []
      priority      = null
      reads         = ["transcripts", "audience", "translations"]
      writes        = ["translations"]
      transactional = true
      environment = {
        DRAGOMAN_CHUNKING           = "clause" # Translate bills each character as often as it is sent
        DRAGOMAN_CLIPS_BUCKET       = var.clips.bucket
        DRAGOMAN_TRANSLATOR_ENGINES = "aws"
      }
      permissions = {
        ClipsBucket = {
          actions   = ["s3:ListBucket"]
          resources = [var.clips.arn]
        }
        Clips = {
          actions   = ["s3:PutObject"]
          resources = ["${var.clips.arn}/*"]
        }
        TranslateAndSpeak = {
          actions   = ["polly:DescribeVoices", "polly:SynthesizeSpeech", "translate:GetTerminology", "translate:ListLanguages", "translate:TranslateText"]
          resources = ["*"] # they take none, but for lexicons and terminologies
        }
      }
    }

    notifier = {
      port          = 18084
      paths         = ["/listen"]
      priority      = 20
      reads         = ["sessions", "transcripts", "translations"]
      writes        = ["audience"]
      transactional = false
      environment = {
        DRAGOMAN_AWS_REGION         = local.region
        DRAGOMAN_CLIPS_BUCKET       = var.clips.bucket
        DRAGOMAN_CLIPS_ENDPOINT     = "https://s3.${local.region}.amazonaws.com" # S3's global name redirects, which breaks signatures
        DRAGOMAN_PROXIES            = "2"                                        # CloudFront and the load balancer
        DRAGOMAN_TRANSLATOR_ENGINES = "aws"
      }
      permissions = {
        Clips = {
          actions   = ["s3:GetObject"] # what a listener's URL is signed for
          resources = ["${var.clips.arn}/*"]
        }
      }
    }
  }[var.service]

  region = data.aws_region.this.region
  called = length(local.service.paths) > 0
}
