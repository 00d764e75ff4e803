"""Emulates the AWS account and the Cloudflare zone of a stack on one machine."""
