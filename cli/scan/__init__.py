"""Checkov, run over what a stack would make: `python -m cli.scan build/plan-dev.json`."""
