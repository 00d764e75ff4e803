"""Emulates the provider `random`."""
