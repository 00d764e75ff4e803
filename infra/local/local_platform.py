"""The platform on one machine, in order of creation."""

from collections.abc import Mapping
from pathlib import Path

import pulumi
import pulumi_kubernetes as kubernetes

from infra.config.local import LocalSettings
from infra.local.chart_stores import create_stores
from infra.platform import Cluster, Platform, create_namespace
from infra.shop.exposure import NodePort


def create_local_platform(
    stack: str, settings: LocalSettings, namespace: str, images: Mapping[str, str], pictures: Path
) -> Platform:
    """Creates the namespace and the stores on the cluster that KUBECONFIG points to.

    Args:
        images: The images of stores whose charts' own images cannot be pulled, by kind.
        pictures: The folder of product pictures.
    """
    # Without an identifier, a new kubeconfig for the same cluster would replace everything.
    provider = kubernetes.Provider("cluster", cluster_identifier=f"boutique-{stack}")
    cluster = Cluster(provider, create_namespace(namespace, pulumi.ResourceOptions(provider=provider)))
    return Platform(
        cluster=cluster,
        stores=create_stores(cluster, images, pictures),
        exposures={service: NodePort(port) for service, port in settings.node_ports.items()},
    )
