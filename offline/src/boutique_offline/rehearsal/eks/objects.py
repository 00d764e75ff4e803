"""The objects that EKS and its controllers would keep in the cluster, and that a rehearsal puts there instead."""

import asyncio
import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from boutique_offline.plugins.kubernetes.api import Api, ApiError
from boutique_offline.rehearsal.eks.pod_identity import PATH

NAMESPACE: Final = "rehearsal"
"""Has a Service for each endpoint of the managed stores, so that pods reach them at their usual ports."""

_KINDS: Final = Path(__file__).with_name("manifests") / "kinds.yaml"
_MANAGER: Final = {"fieldManager": "boutique-rehearsal", "force": "true"}
_LOOK_SECONDS: Final = 0.5
_LABELS: Final = {"app.kubernetes.io/managed-by": "boutique-rehearsal"}
_WEBHOOKS: Final = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
_CRDS: Final = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_TARGETS: Final = "/apis/eks.amazonaws.com/v1/namespaces/{namespace}/targetgroupbindings"


@dataclass(frozen=True)
class Endpoint:
    """An endpoint of a managed store: the host and port that its clients are told, and where it really is."""

    host: str
    port: int
    target: str
    target_port: int

    @property
    def name(self) -> str:
        """Of the Service: a host is no name for one."""
        return f"store-{hashlib.sha256(self.host.encode()).hexdigest()[:10]}"


async def install(api: Api, webhook: str, authority: Path) -> None:
    """The kinds of Auto Mode, the namespace of the stores' names, and the webhook at the address "host:port"."""
    for manifest in yaml.safe_load_all(_KINDS.read_text()):
        await _apply(api, _CRDS, manifest)
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": _LABELS}}
    await _apply(api, "/api/v1/namespaces", namespace)
    await _apply(api, _WEBHOOKS, _webhook(webhook, authority))


async def publish(api: Api, endpoint: Endpoint) -> str:
    """Makes a managed store reachable in the cluster; answers the address at which it is, at its usual port."""
    metadata = {"name": endpoint.name, "namespace": NAMESPACE, "labels": _LABELS}
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": {"ports": [{"name": "store", "port": endpoint.port, "targetPort": endpoint.target_port}]},
    }
    slice_ = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": metadata | {"labels": _LABELS | {"kubernetes.io/service-name": endpoint.name}},
        "addressType": "IPv4",
        "ports": [{"name": "store", "port": endpoint.target_port, "protocol": "TCP"}],
        "endpoints": [{"addresses": [endpoint.target], "conditions": {"ready": True}}],
    }
    await _apply(api, f"/apis/discovery.k8s.io/v1/namespaces/{NAMESPACE}/endpointslices", slice_)
    applied = await _apply(api, f"/api/v1/namespaces/{NAMESPACE}/services", service)
    return str(applied["spec"]["clusterIP"])


async def forget_shop(api: Api, namespace: str) -> None:
    """Removes what a rehearsal whose account is gone has left of the shop. Waits until it is gone."""
    path = f"/api/v1/namespaces/{namespace}"
    try:
        await api.delete(path, propagation="Foreground")
        while True:
            await api.get(path)
            await asyncio.sleep(_LOOK_SECONDS)
    except ApiError as error:
        if not error.not_found:
            raise


async def admit_pods(api: Api, namespace: str, machine: str) -> None:
    """Lets the shop's pods reach this machine, where the account and its stores are, and this cluster's name servers.

    Their own policies name the networks of the VPC and the address of EKS' name servers, and nothing here is there.
    """
    name_servers = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
        "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
    }
    name_resolution = [{"port": 53, "protocol": protocol} for protocol in ("UDP", "TCP")]
    policy = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "rehearsal", "namespace": namespace, "labels": _LABELS},
        "spec": {
            "podSelector": {},
            "policyTypes": ["Egress"],
            "egress": [
                {"to": [{"ipBlock": {"cidr": f"{machine}/32"}}]},
                {"to": [name_servers], "ports": name_resolution},
            ],
        },
    }
    await _apply(api, f"/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies", policy)


async def open_targets(api: Api, namespace: str, ports: Iterator[int]) -> list[int]:
    """Opens a node port to the service of each target group, where the load balancer would lead to it."""
    opened = []
    for binding in await api.list(_TARGETS.format(namespace=namespace)):
        name = binding["spec"]["serviceRef"]["name"]
        target = await api.get(f"/api/v1/namespaces/{namespace}/services/{name}")
        port = next(ports)
        service = {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": f"rehearsal-{name}", "namespace": namespace, "labels": _LABELS},
            "spec": {
                "type": "NodePort",
                "selector": target["spec"]["selector"],
                "ports": [{**_port(target), "nodePort": port}],
            },
        }
        await _apply(api, f"/api/v1/namespaces/{namespace}/services", service)
        opened.append(port)
    return opened


def _port(service: Mapping[str, Any]) -> dict[str, Any]:
    port = service["spec"]["ports"][0]
    return {"name": port["name"], "port": port["port"], "targetPort": port["targetPort"]}


def _webhook(address: str, authority: Path) -> dict[str, Any]:
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": "rehearsal", "labels": _LABELS},
        "webhooks": [
            {
                "name": "pod-identity.rehearsal.boutique.dev",
                "admissionReviewVersions": ["v1"],
                "sideEffects": "None",
                "failurePolicy": "Fail",
                "timeoutSeconds": 10,
                "clientConfig": {
                    "url": f"https://{address}{PATH}",
                    "caBundle": base64.b64encode(authority.read_bytes()).decode(),
                },
                "namespaceSelector": {"matchLabels": {"app.kubernetes.io/part-of": "boutique"}},
                "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}],
            }
        ],
    }


async def _apply(api: Api, collection: str, manifest: Mapping[str, Any]) -> dict[str, Any]:
    return await api.apply(f"{collection}/{manifest['metadata']['name']}", dict(manifest), **_MANAGER)
