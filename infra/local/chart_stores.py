"""The stores of an environment, each by its name, as small charts make them beside the shop."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_random import RandomPassword

from boutique_definition.pictures import PICTURES, find_pictures
from infra.config.shop import STORES, StoreKind
from infra.platform import Cluster
from infra.shop.labels import store_client
from infra.shop.stores import Store

_PORTS: Mapping[StoreKind, int] = {"bucket": 9000, "postgres": 5432, "redis": 6379}
_ROLES = ("app", "replication")
_USER = "boutique"
_DATABASE = "boutique"
_REGION = "us-east-1"
"""Requests are signed for a region, though a bucket on one machine has none."""
_OWN_VALUES: Mapping[str, Mapping[str, Any]] = {
    # A session can be begun again: one may go when memory is short, and the last second's when the store dies.
    "session-data": {"appendFsync": "everysec", "maxMemoryPolicy": "volatile-lru"},
}
_CHARTS = Path("..") / "charts"
"""From infra/, where Pulumi runs the program: an absolute path would differ between machines."""


def create_stores(cluster: Cluster, images: Mapping[str, str]) -> dict[str, Store]:
    """Every store beside the shop, from charts/: a database as a primary and a read replica, and the bucket."""
    return {
        name: _create_bucket(name, cluster, images) if kind == "bucket" else _create_database(name, cluster, images)
        for name, kind in STORES.items()
    }


def _create_database(name: str, cluster: Cluster, images: Mapping[str, str]) -> Store:
    kind = STORES[name]
    passwords = {role: RandomPassword(f"{name}-{role}", length=32, special=False).result for role in _ROLES}
    credentials = _keep(name, cluster, {f"{role}-password": password for role, password in passwords.items()})
    # The data goes with the stack that it belongs to.
    _install(name, cluster, images, credentials, {"persistence": {"whenDeleted": "Delete"}})
    port = _PORTS[kind]
    return Store(
        port=port,
        address=f"{name}:{port}",
        replica_address=f"{name}-replica:{port}",
        username=_USER,
        password=passwords["app"],
        database=_DATABASE if kind == "postgres" else None,
    )


def _create_bucket(name: str, cluster: Cluster, images: Mapping[str, str]) -> Store:
    password = RandomPassword(f"{name}-app", length=32, special=False).result
    credentials = _keep(name, cluster, {"access-key-id": _USER, "secret-access-key": password})
    files = {key: file.read_text() for key, file in find_pictures(PICTURES).items()}
    _install(name, cluster, images, credentials, {"bucket": name, "files": files})
    port = _PORTS["bucket"]
    return Store(
        port=port,
        endpoint=f"http://{name}:{port}",
        region=_REGION,
        bucket=name,
        username=_USER,
        password=password,
    )


def _keep(name: str, cluster: Cluster, credentials: Mapping[str, pulumi.Input[str]]) -> kubernetes.core.v1.Secret:
    return kubernetes.core.v1.Secret(
        f"{name}-credentials",
        metadata={"name": f"{name}-credentials", "namespace": cluster.namespace},
        string_data=credentials,
        opts=cluster.options(),
    )


def _install(
    name: str,
    cluster: Cluster,
    images: Mapping[str, str],
    credentials: kubernetes.core.v1.Secret,
    values: Mapping[str, Any],
) -> None:
    kind = STORES[name]
    kubernetes.helm.v4.Chart(
        name,
        chart=str(_CHARTS / kind),
        namespace=cluster.namespace,
        values={
            "existingSecret": credentials.metadata.name,
            "clients": store_client(name),
            # Where the chart's own image cannot be pulled, one that was built.
            **({"image": images[kind]} if kind in images else {}),
            **_OWN_VALUES.get(name, {}),
            **values,
        },
        opts=pulumi.ResourceOptions.merge(cluster.options(), pulumi.ResourceOptions(depends_on=[credentials])),
    )
