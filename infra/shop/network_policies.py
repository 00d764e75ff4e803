"""Who may talk to whom: nobody, but for what the service files say is needed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

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
from infra.shop.stores import Store

_PRIVATE_NETWORKS = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"]
"""Not the internet: RFC 1918, and link-local, where clouds serve instance credentials (RFC 3927)."""

_POD_IDENTITY_AGENT = "169.254.170.23/32"
"""Gives pods credentials of AWS, at port 80. Source: EKS user guide, "Pod Identity Agent considerations"."""

DNS_PODS: NetworkPolicyPeerArgsDict = {
    "namespace_selector": {"match_labels": {"kubernetes.io/metadata.name": "kube-system"}},
    "pod_selector": {"match_labels": {"k8s-app": "kube-dns"}},
}
"""What resolves names where that is done by pods."""


@dataclass(frozen=True)
class ClusterNetwork:
    """What of a cluster's network depends on where it runs.

    `dns` resolves names. `cloud` are the CIDRs, beside the internet, in which AWS answers: its endpoints in the VPC.
    """

    dns: Sequence[NetworkPolicyPeerArgsDict] = (DNS_PODS,)
    cloud: Sequence[pulumi.Input[str]] = ()


def deny_by_default(
    namespace: pulumi.Input[str], dns_peers: Sequence[NetworkPolicyPeerArgsDict], options: pulumi.ResourceOptions
) -> None:
    """Closes the namespace in both directions, but for name resolution."""
    NetworkPolicy(
        "default-deny",
        metadata={"name": "default-deny", "namespace": namespace},
        spec={
            "pod_selector": {},
            "policy_types": ["Ingress", "Egress"],
            "egress": [
                {"to": list(dns_peers), "ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]},
            ],
        },
        opts=options,
    )


def service_policy(
    name: str, services: Mapping[str, ServiceFile], stores: Mapping[str, Store], network: ClusterNetwork
) -> NetworkPolicySpecArgsDict:
    """What reaches the service, and what it reaches."""
    service = services[name]
    called = [_to(_pods([called]), port) for called in service.calls if (port := services[called].port) is not None]
    # A network policy knows addresses alone, so a host outside becomes its port anywhere on the internet.
    outside = sorted({int(address.rpartition(":")[2]) for address in service.egress})
    return {
        "pod_selector": {"match_labels": labels.selector(name)},
        "policy_types": ["Ingress", "Egress"],
        "ingress": _ingress(name, services),
        "egress": [
            *called,
            *_to_stores(service, stores, network),
            *(_to([_internet()], port) for port in outside),
        ],
    }


def migration_policy(
    name: str, service: ServiceFile, stores: Mapping[str, Store], network: ClusterNetwork
) -> NetworkPolicySpecArgsDict:
    """Of the service's migration: it reaches the stores that it prepares, and nothing reaches it."""
    return {
        "pod_selector": {"match_labels": labels.selector(labels.migration(name))},
        "policy_types": ["Ingress", "Egress"],
        "egress": _to_stores(service, stores, network),
    }


def _ingress(name: str, services: Mapping[str, ServiceFile]) -> list[NetworkPolicyIngressRuleArgsDict]:
    service = services[name]
    callers = [caller for caller, file in services.items() if name in file.calls]
    if service.port is None:
        return []
    if service.external:
        return [{"ports": _tcp(service.port)}]
    return [{"from_": _pods(callers), "ports": _tcp(service.port)}] if callers else []


def _to_stores(
    service: ServiceFile, stores: Mapping[str, Store], network: ClusterNetwork
) -> list[NetworkPolicyEgressRuleArgsDict]:
    needed = {name: stores[name] for name in service.stores}
    rules = [_to(_peers(name, store), store.port) for name, store in needed.items() if store.port is not None]
    if any(store.needs_role for store in needed.values()):
        rules.append(_to([_block(_POD_IDENTITY_AGENT)], 80))
        rules.append(_to([_internet(), *map(_block, network.cloud)], 443))
    return rules


def _peers(name: str, store: Store) -> list[NetworkPolicyPeerArgsDict]:
    if store.networks:
        return [_block(network) for network in store.networks]
    return [{"pod_selector": {"match_labels": labels.store(name)}}]


def _internet() -> NetworkPolicyPeerArgsDict:
    return {"ip_block": {"cidr": "0.0.0.0/0", "except_": _PRIVATE_NETWORKS}}


def _block(cidr: pulumi.Input[str]) -> NetworkPolicyPeerArgsDict:
    return {"ip_block": {"cidr": cidr}}


def _to(peers: list[NetworkPolicyPeerArgsDict], port: int) -> NetworkPolicyEgressRuleArgsDict:
    return {"to": peers, "ports": _tcp(port)}


def _pods(services: Iterable[str]) -> list[NetworkPolicyPeerArgsDict]:
    return [{"pod_selector": {"match_labels": labels.selector(service)}} for service in services]


def _tcp(port: int) -> list[NetworkPolicyPortArgsDict]:
    return [{"port": port, "protocol": "TCP"}]
