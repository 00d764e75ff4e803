"""Serves the `cloudflare` provider to the Pulumi engine that starts this."""

from boutique_offline.plugins.cloudflare.provider import CloudflareProvider
from boutique_offline.plugins.serving import run

run(CloudflareProvider)
