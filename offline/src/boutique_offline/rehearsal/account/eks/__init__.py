"""Extends moto's EKS. Checks and errors follow the Amazon EKS API reference; every change takes effect at once."""
