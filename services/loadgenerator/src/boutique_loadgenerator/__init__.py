"""Shoppers, simulated with Locust."""
