"""Recommends products that are not in the cart."""
