"""Serves the `cloudflare` provider to the Pulumi engine that started this program."""

from boutique_offline.plugins.cloudflare.provider import CloudflareProvider
from boutique_offline.plugins.serving import run

run(CloudflareProvider)
