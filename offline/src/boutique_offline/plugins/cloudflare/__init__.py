"""Emulates the provider `cloudflare`."""
