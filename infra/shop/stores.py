"""The stores that services need, wherever they run: addresses and credentials, told to services by `service.yaml`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from boutique_definition.service_file import ServiceFile, StoreFact

AUTHORITIES = "/etc/boutique/authorities"
"""In a pod, the directory of the authorities of its stores, by file name."""


@dataclass(frozen=True)
class Store:
    """How a service reaches a store and logs in. Addresses are "host:port"; `port` is what network policies open.

    A database has either a `password` or a `secret`: the ARN of a secret of AWS Secrets Manager whose JSON has
    "username" and "password", which services read at run time. `authority` is the PEM content of an authority that they
    trust beside the system's. `networks` are the CIDRs that the store is in, where it is not pods beside the shop.

    A `bucket` has a `region` and either an `endpoint`, with the credentials of it, or is S3's own, which has neither a
    port of ours to open nor a password: pods are let in by their role.
    """

    port: int | None = None
    address: pulumi.Input[str] | None = None
    replica_address: pulumi.Input[str] | None = None
    username: pulumi.Input[str] | None = None
    password: pulumi.Output[str] | None = None
    secret: pulumi.Input[str] | None = None
    database: pulumi.Input[str] | None = None
    tls: bool = False
    authority: pulumi.Input[str] | None = None
    networks: Sequence[pulumi.Input[str]] = ()
    bucket: pulumi.Input[str] | None = None
    region: pulumi.Input[str] | None = None
    endpoint: pulumi.Input[str] | None = None

    def __post_init__(self) -> None:
        is_bucket_of_s3 = self.bucket is not None and self.endpoint is None
        if [self.password is not None, self.secret is not None, is_bucket_of_s3].count(True) != 1:
            raise ValueError("a store has either a password or a secret, or is a bucket of S3")

    @property
    def needs_role(self) -> bool:
        """Whether pods have to ask AWS, as the role that they are given."""
        return self.password is None


def store_fact(stores: Mapping[str, Store], name: str, fact: StoreFact) -> pulumi.Input[str] | None:
    """None for what the store lacks."""
    store = stores[name]
    facts: Mapping[StoreFact, pulumi.Input[str] | None] = {
        "address": store.address,
        "replicaAddress": store.replica_address,
        "username": store.username,
        "password": store.password,
        "secret": store.secret,
        "database": store.database,
        "tls": str(store.tls).lower(),
        "authority": f"{AUTHORITIES}/{_authority_file(name)}" if store.authority is not None else None,
        "endpoint": store.endpoint,
        "region": store.region,
        "bucket": store.bucket,
    }
    return facts[fact]


def authorities(service: ServiceFile, stores: Mapping[str, Store]) -> dict[str, pulumi.Input[str]]:
    """The files that belong into the directory AUTHORITIES of the service's pods, with their content."""
    return {
        _authority_file(name): authority for name in service.stores if (authority := stores[name].authority) is not None
    }


def _authority_file(store: str) -> str:
    return f"{store}.pem"
