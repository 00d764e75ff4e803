"""The load generator: shoppers simulated with Locust."""
