"""Network policies: nothing is open except what the service files need."""

from collections.abc import Iterable, Mapping, Sequence

import pulumi
from pulumi_kubernetes.networking.v1 import (
    NetworkPolicy,
    NetworkPolicyEgressRuleArgsDict,
    NetworkPolicyIngressRuleArgsDict,
    NetworkPolicyPeerArgsDict,
    NetworkPolicyPortArgsDict,
    NetworkPolicySpecArgsDict,
)

from boutique_definition.service_file import ServiceFile
from infra.shop import labels
from infra.shop.stores import ReachableStore

_PRIVATE_NETWORKS = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"]
"""Not the internet: RFC 1918, and link-local, where clouds serve instance credentials (RFC 3927)."""

DNS_PODS: NetworkPolicyPeerArgsDict = {
    "namespace_selector": {"match_labels": {"kubernetes.io/metadata.name": "kube-system"}},
    "pod_selector": {"match_labels": {"k8s-app": "kube-dns"}},
}
"""The pods that resolve names in most clusters."""


def deny_by_default(
    namespace: pulumi.Input[str], dns: Sequence[NetworkPolicyPeerArgsDict], opts: pulumi.ResourceOptions
) -> None:
    """Closes the namespace in both directions, except for name resolution by `dns`."""
    NetworkPolicy(
        "default-deny",
        metadata={"name": "default-deny", "namespace": namespace},
        spec={
            "pod_selector": {},
            "policy_types": ["Ingress", "Egress"],
            "egress": [
                {"to": list(dns), "ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]},
            ],
        },
        opts=opts,
    )


def service_policy(
    name: str,
    service: ServiceFile,
    calls: Mapping[str, ServiceFile],
    callers: Iterable[str],
    stores: Mapping[str, ReachableStore],
) -> NetworkPolicySpecArgsDict:
    """Returns the policy of a service's pods.

    Args:
        calls: The services that it calls.
        callers: The services that call it.
        stores: The stores that it needs.
    """
    # Network policies have no host names, so pods may connect to the host's port anywhere on the internet.
    outside = sorted({int(address.rpartition(":")[2]) for address in service.egress})
    return {
        "pod_selector": {"match_labels": labels.selector(name)},
        "policy_types": ["Ingress", "Egress"],
        "ingress": _ingress(service, list(callers)),
        "egress": [
            *(egress_to(_pods([called]), file.port) for called, file in calls.items() if file.port is not None),
            *_egress_to_stores(stores),
            *(egress_to([internet()], port) for port in outside),
        ],
    }


def migration_policy(name: str, stores: Mapping[str, ReachableStore]) -> NetworkPolicySpecArgsDict:
    """Returns the policy of the service's migration, which reaches its stores and which nothing reaches."""
    return {
        "pod_selector": {"match_labels": labels.selector(labels.migration(name))},
        "policy_types": ["Ingress", "Egress"],
        "egress": _egress_to_stores(stores),
    }


def egress_to(peers: Sequence[NetworkPolicyPeerArgsDict], port: int) -> NetworkPolicyEgressRuleArgsDict:
    """Returns a rule that lets pods connect to the peers at the port."""
    return {"to": list(peers), "ports": _tcp(port)}


def internet() -> NetworkPolicyPeerArgsDict:
    """Returns the internet as a peer, without private networks."""
    return {"ip_block": {"cidr": "0.0.0.0/0", "except_": _PRIVATE_NETWORKS}}


def network_peer(cidr: pulumi.Input[str]) -> NetworkPolicyPeerArgsDict:
    """Returns a network as a peer."""
    return {"ip_block": {"cidr": cidr}}


def _ingress(service: ServiceFile, callers: Sequence[str]) -> list[NetworkPolicyIngressRuleArgsDict]:
    if service.port is None:
        return []
    if service.external:
        return [{"ports": _tcp(service.port)}]
    return [{"from_": _pods(callers), "ports": _tcp(service.port)}] if callers else []


def _egress_to_stores(stores: Mapping[str, ReachableStore]) -> list[NetworkPolicyEgressRuleArgsDict]:
    rules: list[NetworkPolicyEgressRuleArgsDict] = []
    for store in stores.values():
        rules += [rule for rule in store.egress if rule not in rules]
    return rules


def _pods(services: Iterable[str]) -> list[NetworkPolicyPeerArgsDict]:
    return [{"pod_selector": {"match_labels": labels.selector(service)}} for service in services]


def _tcp(port: int) -> list[NetworkPolicyPortArgsDict]:
    return [{"port": port, "protocol": "TCP"}]
