"""What AWS has on offer, as far as the rehearsed account knows: a part of the real lists, as of November 2026.

Sources: EKS user guide, "Kubernetes versions"; RDS for PostgreSQL release notes, "Instance classes"; ElastiCache user
guide, "Supported node types". A real account may offer more; what is not here, a rehearsal refuses.
"""

from typing import Final

CLUSTER_VERSIONS: Final = {
    "1.31": "EXTENDED_SUPPORT",
    "1.32": "EXTENDED_SUPPORT",
    "1.33": "EXTENDED_SUPPORT",
    "1.34": "STANDARD_SUPPORT",
    "1.35": "STANDARD_SUPPORT",
}
"""Oldest first; a cluster is raised by one at a time."""
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
"""Of no add-on in particular: what runs in a rehearsal's cluster is not installed by EKS."""

POSTGRES_MINOR_VERSIONS: Final = {"15": range(10, 15), "16": range(6, 11), "17": range(2, 7), "18": range(1, 2)}

_DATABASE_SIZES: Final = {
    "t3": ("micro", "small", "medium", "large", "xlarge", "2xlarge"),
    "t4g": ("micro", "small", "medium", "large", "xlarge", "2xlarge"),
    "m6g": ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge"),
    "m7g": ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge"),
    "r6g": ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge"),
    "r7g": ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge"),
}
DATABASE_CLASSES: Final = [f"db.{family}.{size}" for family, sizes in _DATABASE_SIZES.items() for size in sizes]

_CACHE_SIZES: Final = {
    "t3": ("micro", "small", "medium"),
    "t4g": ("micro", "small", "medium"),
    "m6g": ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge"),
    "m7g": ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge"),
    "r6g": ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge"),
    "r7g": ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge"),
}
CACHE_NODE_TYPES: Final = [f"cache.{family}.{size}" for family, sizes in _CACHE_SIZES.items() for size in sizes]


def postgres_versions() -> list[str]:
    """All of them, oldest first."""
    return [f"{major}.{minor}" for major, minors in POSTGRES_MINOR_VERSIONS.items() for minor in minors]
