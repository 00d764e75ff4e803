"""Emulates the provider `aws`."""
