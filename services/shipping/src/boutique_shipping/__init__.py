"""Quotes and ships orders (simulated)."""
