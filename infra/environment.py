"""What an environment offers to the shop, wherever it runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from infra.cluster import Cluster
from infra.shop.exposure import Exposure
from infra.shop.network_policies import ClusterNetwork
from infra.shop.stores import Store


@dataclass(frozen=True)
class Environment:
    """`stores` by their names, `exposures` by the external services that they lead to."""

    cluster: Cluster
    stores: Mapping[str, Store]
    exposures: Mapping[str, Exposure]
    network: ClusterNetwork = field(default_factory=ClusterNetwork)
