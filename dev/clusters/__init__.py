"""A Kubernetes cluster on this machine: one that is there, kind in Docker, or a node of our own on Debian."""

from dev.clusters.choice import choose
from dev.clusters.cluster import NODE_PORTS, Cluster

__all__ = ["NODE_PORTS", "Cluster", "choose"]
