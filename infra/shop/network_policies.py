"""Who may talk to whom: nobody, but for what the service files say is needed."""

from collections.abc import Iterable, Mapping

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


def deny_by_default(namespace: pulumi.Input[str], options: pulumi.ResourceOptions) -> None:
    """Closes the namespace in both directions, but for name resolution."""
    dns: NetworkPolicyPeerArgsDict = {
        "namespace_selector": {"match_labels": {"kubernetes.io/metadata.name": "kube-system"}},
        "pod_selector": {"match_labels": {"k8s-app": "kube-dns"}},
    }
    NetworkPolicy(
        "default-deny",
        metadata={"name": "default-deny", "namespace": namespace},
        spec={
            "pod_selector": {},
            "policy_types": ["Ingress", "Egress"],
            "egress": [
                {"to": [dns], "ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]},
            ],
        },
        opts=options,
    )


def service_policy(
    name: str, services: Mapping[str, ServiceFile], stores: Mapping[str, Store]
) -> NetworkPolicySpecArgsDict:
    """What reaches the service, and what it reaches."""
    return {
        "pod_selector": {"match_labels": labels.selector(name)},
        "policy_types": ["Ingress", "Egress"],
        "ingress": _ingress(name, services),
        "egress": _egress(services[name], services, stores),
    }


def _ingress(name: str, services: Mapping[str, ServiceFile]) -> list[NetworkPolicyIngressRuleArgsDict]:
    service = services[name]
    callers = [caller for caller, file in services.items() if name in file.calls]
    if service.port is None:
        return []
    if service.external:
        return [{"ports": _tcp(service.port)}]
    return [{"from_": _pods(callers), "ports": _tcp(service.port)}] if callers else []


def _egress(
    service: ServiceFile, services: Mapping[str, ServiceFile], stores: Mapping[str, Store]
) -> list[NetworkPolicyEgressRuleArgsDict]:
    rules: list[NetworkPolicyEgressRuleArgsDict] = [
        {"to": _pods([called]), "ports": _tcp(port)}
        for called in service.calls
        if (port := services[called].port) is not None
    ]
    for store in service.stores:
        pods: NetworkPolicyPeerArgsDict = {"pod_selector": {"match_labels": labels.store(store)}}
        rules.append({"to": [pods], "ports": _tcp(stores[store].port)})
    # A network policy knows addresses alone, so a host outside becomes its port anywhere on the internet.
    for port in sorted({int(address.rpartition(":")[2]) for address in service.egress}):
        internet: NetworkPolicyPeerArgsDict = {"ip_block": {"cidr": "0.0.0.0/0", "except_": _PRIVATE_NETWORKS}}
        rules.append({"to": [internet], "ports": _tcp(port)})
    return rules


def _pods(services: Iterable[str]) -> list[NetworkPolicyPeerArgsDict]:
    return [{"pod_selector": {"match_labels": labels.selector(service)}} for service in services]


def _tcp(port: int) -> list[NetworkPolicyPortArgsDict]:
    return [{"port": port, "protocol": "TCP"}]
