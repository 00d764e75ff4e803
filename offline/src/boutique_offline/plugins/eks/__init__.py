"""Emulates the provider `eks`, which has one component."""
