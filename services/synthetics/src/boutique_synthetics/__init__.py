"""Shoppers, simulated with k6, who check every answer."""
