"""Builds tools that cannot be downloaded."""
