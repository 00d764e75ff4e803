"""Serves the policy pack to the Pulumi engine that starts this."""

from infra.policies.pack import serve

serve()
