"""Charges credit cards (simulated)."""
