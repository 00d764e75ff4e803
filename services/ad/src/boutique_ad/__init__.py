"""Gives text ads for categories of products."""
