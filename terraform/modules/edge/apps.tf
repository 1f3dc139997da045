data "aws_caller_identity" "this" {}

locals {
  types = {
    css   = "text/css"
    flac  = "audio/flac"
    html  = "text/html; charset=utf-8"
    js    = "text/javascript"
    json  = "application/json"
    svg   = "image/svg+xml"
    woff2 = "font/woff2"
  }

  # Relative addresses: pages, services and this file have one origin.
  config = jsonencode({ ingest = "", notifier = "", cognito = var.sign_in })
}

resource "aws_s3_bucket" "apps" {
  bucket        = "${var.name}-apps-${data.aws_caller_identity.this.account_id}"
  force_destroy = true # can be built again
}

resource "aws_s3_bucket_public_access_block" "apps" {
  bucket = aws_s3_bucket.apps.id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_object" "app" {
  for_each = fileset(var.apps, "**")

  bucket       = aws_s3_bucket.apps.id
  key          = each.key
  source       = "${var.apps}/${each.key}"
  source_hash  = filemd5("${var.apps}/${each.key}")
  content_type = lookup(local.types, reverse(split(".", each.key))[0], "application/octet-stream")

  # What is in assets/ has the hash of its content in its name.
  cache_control = startswith(each.key, "assets/") ? "public, max-age=31536000, immutable" : "no-cache"
}

resource "aws_s3_object" "config" {
  bucket        = aws_s3_bucket.apps.id
  key           = "config.json"
  content       = local.config
  content_type  = local.types["json"]
  cache_control = "no-cache"
}

data "aws_iam_policy_document" "apps" {
  statement {
    sid       = "CloudFrontReads"
    actions   = ["s3:GetObject"]
    resources = ["${aws_s3_bucket.apps.arn}/*"]

    principals {
      type        = "Service"
      identifiers = ["cloudfront.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "AWS:SourceArn"
      values   = [aws_cloudfront_distribution.this.arn]
    }
  }
}

resource "aws_s3_bucket_policy" "apps" {
  bucket = aws_s3_bucket.apps.id
  policy = data.aws_iam_policy_document.apps.json

  depends_on = [aws_s3_bucket_public_access_block.apps]
}
