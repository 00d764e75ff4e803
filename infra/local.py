"""The environment on one machine: a cluster that is there already, and the stores of charts/ beside the shop."""

from collections.abc import Mapping

from infra.cluster import open_cluster
from infra.environment import Environment
from infra.settings import LocalSettings
from infra.shop.exposure import NodePort
from infra.stores import create_stores


def create_local_environment(settings: LocalSettings, namespace: str, images: Mapping[str, str]) -> Environment:
    """`images` has those of the stores where the charts' own cannot be pulled."""
    cluster = open_cluster(namespace)
    return Environment(
        cluster=cluster,
        stores=create_stores(cluster, images),
        exposures={service: NodePort(port) for service, port in settings.node_ports.items()},
    )
