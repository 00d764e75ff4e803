"""Serves the `kubernetes` provider to the Pulumi engine that starts this."""

from local.plugins.kubernetes.provider import KubernetesProvider
from local.plugins.serving import run

run(KubernetesProvider)
