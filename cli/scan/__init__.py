"""Scans with Checkov what a stack would create."""
