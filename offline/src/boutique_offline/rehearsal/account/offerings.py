"""The versions, add-ons and node types that the emulated account offers: a subset of AWS' lists, as of November 2026.

Sources: EKS user guide, "Kubernetes versions"; RDS for PostgreSQL release notes, "Instance classes"; ElastiCache user
guide, "Supported node types". A real account may offer more; a rehearsal refuses what is not listed here.
"""

from typing import Final

CLUSTER_VERSIONS: Final = {
    "1.31": "EXTENDED_SUPPORT",
    "1.32": "EXTENDED_SUPPORT",
    "1.33": "EXTENDED_SUPPORT",
    "1.34": "STANDARD_SUPPORT",
    "1.35": "STANDARD_SUPPORT",
}
"""Oldest first: a cluster is upgraded by one version at a time."""
DEFAULT_CLUSTER_VERSION: Final = "1.34"

ADDONS: Final = {
    "amazon-cloudwatch-observability",
    "aws-ebs-csi-driver",
    "coredns",
    "eks-pod-identity-agent",
    "kube-proxy",
    "metrics-server",
    "vpc-cni",
}
ADDON_VERSION: Final = "v0.8.0-eksbuild.1"
"""The same for every add-on, since EKS installs nothing in the cluster of a rehearsal."""

POSTGRES_MINOR_VERSIONS: Final = {"15": range(10, 15), "16": range(6, 11), "17": range(2, 7), "18": range(1, 2)}

_BURSTABLE: Final = ("t3", "t4g")
_STEADY: Final = ("m6g", "m7g", "r6g", "r7g")


def _node_types(prefix: str, burstable: str, steady: str) -> list[str]:
    """Returns the types of the families, given the sizes that burstable and other families have."""
    sizes = dict.fromkeys(_BURSTABLE, burstable) | dict.fromkeys(_STEADY, steady)
    return [f"{prefix}.{family}.{size}" for family in sizes for size in sizes[family].split()]


DATABASE_CLASSES: Final = _node_types(
    "db", "micro small medium large xlarge 2xlarge", "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge"
)
CACHE_NODE_TYPES: Final = _node_types("cache", "micro small medium", "large xlarge 2xlarge 4xlarge 8xlarge")


def postgres_versions() -> list[str]:
    """Returns all minor versions, oldest first."""
    return [f"{major}.{minor}" for major, minors in POSTGRES_MINOR_VERSIONS.items() for minor in minors]
