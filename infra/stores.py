"""The stores of an environment, each by its name: product-data (Postgres) and cart-data (Redis)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pulumi
import pulumi_kubernetes as kubernetes
import pulumi_random as random

from infra.cluster import Cluster
from infra.shop.labels import store_client
from infra.shop.stores import Store

STORES: Mapping[str, Literal["postgres", "redis"]] = {"cart-data": "redis", "product-data": "postgres"}

_PORTS = {"postgres": 5432, "redis": 6379}
_ROLES = ("app", "replication")
_USER = "boutique"
_DATABASE = "boutique"
_CHARTS = Path("..") / "charts"
"""From infra/, where Pulumi runs the program: an absolute path would differ between machines."""


def create_stores(cluster: Cluster, images: Mapping[str, str]) -> dict[str, Store]:
    """Every store as a primary and a read replica beside the shop, from charts/."""
    return {name: _create_store(name, cluster, images) for name in STORES}


def _create_store(name: str, cluster: Cluster, images: Mapping[str, str]) -> Store:
    kind = STORES[name]
    passwords = {role: random.RandomPassword(f"{name}-{role}", length=32, special=False).result for role in _ROLES}
    credentials = kubernetes.core.v1.Secret(
        f"{name}-credentials",
        metadata={"name": f"{name}-credentials", "namespace": cluster.namespace},
        string_data={f"{role}-password": password for role, password in passwords.items()},
        opts=cluster.options(),
    )
    kubernetes.helm.v4.Chart(
        name,
        chart=str(_CHARTS / kind),
        namespace=cluster.namespace,
        values={
            "existingSecret": credentials.metadata.name,
            "clients": store_client(name),
            "persistence": {"whenDeleted": "Delete"},  # the data goes with the stack that it belongs to
            # Where the chart's own image cannot be pulled, one that was built.
            **({"image": images[kind]} if kind in images else {}),
        },
        opts=pulumi.ResourceOptions.merge(cluster.options(), pulumi.ResourceOptions(depends_on=[credentials])),
    )
    port = _PORTS[kind]
    return Store(
        port=port,
        address=f"{name}:{port}",
        replica_address=f"{name}-replica:{port}",
        username=_USER,
        password=passwords["app"],
        database=_DATABASE if kind == "postgres" else None,
    )
