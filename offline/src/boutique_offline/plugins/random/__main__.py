"""Serves the `random` provider to the Pulumi engine that started this program."""

from boutique_offline.plugins.random.provider import RandomProvider
from boutique_offline.plugins.serving import run

run(RandomProvider)
