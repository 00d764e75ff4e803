"""The web gateway: serves the web application, keeps its sessions, and forwards its requests to the API gateway."""
