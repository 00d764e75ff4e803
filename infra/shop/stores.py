"""The stores that services need, wherever they run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.networking.v1 import NetworkPolicyEgressRuleArgsDict

from boutique_definition.stores import Bucket, Store
from boutique_definition.wiring import ca_file

CA_DIRECTORY = "/etc/boutique/authorities"
"""The directory in a pod that has the CA certificates of its stores."""


@dataclass(frozen=True)
class ReachableStore:
    """A store, and how pods reach it.

    Args:
        egress: The rules by which a network policy lets pods connect to the store and read how to log in.
    """

    store: Store[pulumi.Input[str]]
    egress: Sequence[NetworkPolicyEgressRuleArgsDict]


def ca_certificates(stores: Mapping[str, ReachableStore]) -> dict[str, pulumi.Input[str]]:
    """Returns the files that belong in CA_DIRECTORY of pods that use these stores."""
    return {
        ca_file(name): reachable.store.tls.ca_certificate
        for name, reachable in stores.items()
        if not isinstance(reachable.store, Bucket)
        and reachable.store.tls is not None
        and reachable.store.tls.ca_certificate is not None
    }
