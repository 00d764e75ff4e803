"""Serves the `kubernetes` provider to the Pulumi engine that starts this."""

from boutique_offline.plugins.kubernetes.provider import KubernetesProvider
from boutique_offline.plugins.serving import run

run(KubernetesProvider)
