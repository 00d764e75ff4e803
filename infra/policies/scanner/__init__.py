"""Checkov, run over what a stack would make: `python -m infra.policies.scanner build/plan-dev.json`."""
