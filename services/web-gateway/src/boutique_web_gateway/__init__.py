"""Serves the web application, keeps its sessions, and brokers its requests to the API gateway."""
