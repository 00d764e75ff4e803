"""Serves the pictures of products from a bucket."""
