"""Keeps each shopper's cart in Redis."""
