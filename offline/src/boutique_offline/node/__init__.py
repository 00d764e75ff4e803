"""Runs a single Kubernetes node on Debian, from Kubernetes' own components."""
