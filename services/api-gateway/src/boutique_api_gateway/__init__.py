"""The shop over HTTP and JSON."""
