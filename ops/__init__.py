"""An operator's commands for the AWS account and the Cloudflare zone of a stack: see docs/operations.md."""
