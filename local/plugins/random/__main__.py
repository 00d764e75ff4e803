"""Serves the `random` provider to the Pulumi engine that starts this."""

from local.plugins.random.provider import RandomProvider
from local.plugins.serving import run

run(RandomProvider)
