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

    A store has either a `password` or a `secret`: the ARN of a secret of AWS Secrets Manager whose JSON has "username"
    and "password", which services read at run time. `authority` is the PEM content of an authority that they trust
    beside the system's. `networks` are the CIDRs that the store is in, where it is not pods beside the shop.
    """

    port: int
    address: pulumi.Input[str]
    replica_address: pulumi.Input[str]
    username: pulumi.Input[str] | None = None
    password: pulumi.Output[str] | None = None
    secret: pulumi.Input[str] | None = None
    database: pulumi.Input[str] | None = None
    tls: bool = False
    authority: pulumi.Input[str] | None = None
    networks: Sequence[pulumi.Input[str]] = ()

    def __post_init__(self) -> None:
        if (self.password is None) == (self.secret is None):
            raise ValueError("a store has either a password or a secret")


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
    }
    return facts[fact]


def authorities(service: ServiceFile, stores: Mapping[str, Store]) -> dict[str, pulumi.Input[str]]:
    """The files that belong into the directory AUTHORITIES of the service's pods, with their content."""
    return {
        _authority_file(name): authority for name in service.stores if (authority := stores[name].authority) is not None
    }


def _authority_file(store: str) -> str:
    return f"{store}.pem"
