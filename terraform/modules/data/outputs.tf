output "clips" {
  description = "Bucket of clips: its name and ARN."
  value = {
    bucket = aws_s3_bucket.clips.bucket
    arn    = aws_s3_bucket.clips.arn
  }
}

output "sessions" {
  description = "Table of sessions: its name and ARN."
  value = {
    table = aws_dynamodb_table.sessions.name
    arn   = aws_dynamodb_table.sessions.arn
  }
}

output "clips_address" {
  description = "Where listeners fetch clips, as a source of the pages' Content-Security-Policy."
  value       = "https://s3.${data.aws_region.this.region}.amazonaws.com/${aws_s3_bucket.clips.bucket}/"
}
