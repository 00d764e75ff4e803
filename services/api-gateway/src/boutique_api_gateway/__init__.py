"""The API gateway: the shop over HTTP and JSON."""
