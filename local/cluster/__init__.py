"""A Kubernetes cluster on this machine: one that is there, kind in Docker, or a node of our own on Debian."""
