"""The stores that services need, wherever they run: addresses and credentials, told to services by `service.yaml`."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from boutique_definition.service_file import StoreFact


@dataclass(frozen=True)
class Store:
    """How a service reaches a store and logs in. Addresses are "host:port"; `port` is what network policies open."""

    port: int
    address: pulumi.Input[str]
    replica_address: pulumi.Input[str]
    username: pulumi.Input[str]
    password: pulumi.Output[str]
    database: pulumi.Input[str] = ""
    tls: bool = False

    def fact(self, name: StoreFact) -> pulumi.Input[str]:
        facts: Mapping[StoreFact, pulumi.Input[str]] = {
            "address": self.address,
            "replicaAddress": self.replica_address,
            "username": self.username,
            "password": self.password,
            "database": self.database,
            "tls": str(self.tls).lower(),
        }
        return facts[name]
