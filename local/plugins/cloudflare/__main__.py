"""Serves the `cloudflare` provider to the Pulumi engine that starts this."""

from local.plugins.cloudflare.provider import CloudflareProvider
from local.plugins.serving import run

run(CloudflareProvider)
