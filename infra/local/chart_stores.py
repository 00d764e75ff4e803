"""The stores of a stack on one machine, created from the charts in charts/ beside the shop."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_random import RandomPassword

from boutique_definition.pictures import find_pictures
from boutique_definition.stores import Bucket, Password, Postgres, Redis, S3Endpoint, Store
from infra.config.shop import STORES, StoreKind
from infra.platform import Cluster
from infra.shop import labels
from infra.shop.network_policies import egress_to
from infra.shop.stores import ReachableStore

_PORTS: Mapping[StoreKind, int] = {"bucket": 9000, "postgres": 5432, "redis": 6379}
_ROLES = ("app", "replication")
_USER = "boutique"
_DATABASE = "boutique"
_REGION = "us-east-1"
"""Requests are signed for a region, though a bucket on one machine has none."""
_VALUES: Mapping[str, Mapping[str, Any]] = {
    # Sessions may be lost: some when memory is full, and those of the last second when the store crashes.
    "session-data": {"appendFsync": "everysec", "maxMemoryPolicy": "volatile-lru"},
}
_CHARTS = Path("..") / "charts"
"""Relative to infra/, where Pulumi runs the program: an absolute path would differ between machines."""


def create_stores(cluster: Cluster, images: Mapping[str, str], pictures: Path) -> dict[str, ReachableStore]:
    """Creates every store and returns them by name: databases with a read replica, and the bucket.

    Args:
        images: The images of stores whose charts' own images cannot be pulled, by kind.
        pictures: The folder of product pictures.
    """
    return {
        name: ReachableStore(
            _create_bucket(name, cluster, images, pictures)
            if kind == "bucket"
            else _create_database(name, cluster, images),
            [egress_to([{"pod_selector": {"match_labels": labels.store(name)}}], _PORTS[kind])],
        )
        for name, kind in STORES.items()
    }


def _create_database(name: str, cluster: Cluster, images: Mapping[str, str]) -> Store[pulumi.Input[str]]:
    kind = STORES[name]
    passwords = {role: RandomPassword(f"{name}-{role}", length=32, special=False).result for role in _ROLES}
    credentials = _create_secret(name, cluster, {f"{role}-password": password for role, password in passwords.items()})
    # The data is deleted with the stack.
    _install(name, cluster, images, credentials, {"persistence": {"whenDeleted": "Delete"}})
    address, replica_address = f"{name}:{_PORTS[kind]}", f"{name}-replica:{_PORTS[kind]}"
    login: Password[pulumi.Input[str]] = Password(_USER, passwords["app"])
    if kind == "postgres":
        return Postgres(address, _DATABASE, login, replica_address)
    return Redis(address, login, replica_address)


def _create_bucket(name: str, cluster: Cluster, images: Mapping[str, str], pictures: Path) -> Store[pulumi.Input[str]]:
    password = RandomPassword(f"{name}-app", length=32, special=False).result
    credentials = _create_secret(name, cluster, {"access-key-id": _USER, "secret-access-key": password})
    files = {key: file.read_text() for key, file in find_pictures(pictures).items()}
    _install(name, cluster, images, credentials, {"bucket": name, "files": files})
    return Bucket(name, _REGION, S3Endpoint(f"http://{name}:{_PORTS['bucket']}", Password(_USER, password)))


def _create_secret(
    name: str, cluster: Cluster, credentials: Mapping[str, pulumi.Input[str]]
) -> kubernetes.core.v1.Secret:
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
            "clients": labels.store_client(name),
            # A built image, where the chart's own cannot be pulled.
            **({"image": images[kind]} if kind in images else {}),
            **_VALUES.get(name, {}),
            **values,
        },
        opts=pulumi.ResourceOptions.merge(cluster.options(), pulumi.ResourceOptions(depends_on=[credentials])),
    )
