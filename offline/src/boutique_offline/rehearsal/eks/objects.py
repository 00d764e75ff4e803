"""The objects in the cluster that EKS and its controllers would create."""

import asyncio
import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from lightkube import ApiError, AsyncClient
from lightkube.codecs import from_dict, load_all_yaml
from lightkube.generic_resource import create_namespaced_resource
from lightkube.resources.core_v1 import Namespace, Service
from lightkube.types import CascadeType

from boutique_offline.rehearsal.eks.pod_identity import PATH

NAMESPACE: Final = "rehearsal"
"""The namespace with a Service for each endpoint of a managed store, at the endpoint's port."""

MANAGER: Final = "boutique-rehearsal"
"""The field manager of all these objects."""
_KINDS: Final = Path(__file__).with_name("manifests") / "kinds.yaml"
_POLL_SECONDS: Final = 0.5
_LABELS: Final = {"app.kubernetes.io/managed-by": MANAGER}
_TargetGroupBinding: Final = create_namespaced_resource(
    "eks.amazonaws.com", "v1", "TargetGroupBinding", "targetgroupbindings"
)


@dataclass(frozen=True)
class Endpoint:
    """An endpoint of a managed store: the host and port for clients, and the address of its TLS proxy."""

    host: str
    port: int
    target: str
    target_port: int

    @property
    def name(self) -> str:
        """Returns the name of the Service. A host is not a valid name."""
        return f"store-{hashlib.sha256(self.host.encode()).hexdigest()[:10]}"


async def install(api: AsyncClient, webhook: str, ca_certificate: Path) -> None:
    """Creates the kinds of Auto Mode, the namespace of the stores, and the configuration of the webhook.

    Args:
        api: Client of the cluster.
        webhook: "host:port" of the webhook.
        ca_certificate: File of the CA certificate of the webhook.
    """
    for kind in load_all_yaml(_KINDS.read_text()):
        await api.apply(kind, force=True)
    await _apply(api, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": _LABELS}})
    await _apply(api, _webhook(webhook, ca_certificate))


async def publish(api: AsyncClient, endpoint: Endpoint) -> str:
    """Makes an endpoint reachable in the cluster at its port; returns its address there."""
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
    await _apply(api, slice_)
    applied = await _apply(api, service)
    return str(applied.spec.clusterIP)


async def delete_namespace(api: AsyncClient, namespace: str) -> None:
    """Deletes a namespace, if it exists, and waits until it is gone."""
    try:
        await api.delete(Namespace, namespace, cascade=CascadeType.FOREGROUND)
        while True:
            await api.get(Namespace, namespace)
            await asyncio.sleep(_POLL_SECONDS)
    except ApiError as error:
        if error.status.code != HTTPStatus.NOT_FOUND:
            raise


async def allow_egress(api: AsyncClient, namespace: str, machine: str) -> None:
    """Lets pods reach this machine, which has the account and the stores, and the cluster's name servers.

    Their own network policies allow the networks of the VPC and the address of EKS' name servers instead.
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
    await _apply(api, policy)


async def open_targets(api: AsyncClient, namespace: str, ports: Iterator[int]) -> list[int]:
    """Opens a node port for each service behind the load balancer; returns the ports."""
    opened = []
    async for binding in api.list(_TargetGroupBinding, namespace=namespace):
        name = binding["spec"]["serviceRef"]["name"]
        target = (await api.get(Service, name, namespace=namespace)).to_dict()
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
        await _apply(api, service)
        opened.append(port)
    return opened


def _port(service: Mapping[str, Any]) -> dict[str, Any]:
    port = service["spec"]["ports"][0]
    return {"name": port["name"], "port": port["port"], "targetPort": port["targetPort"]}


def _webhook(address: str, ca_certificate: Path) -> dict[str, Any]:
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
                    "caBundle": base64.b64encode(ca_certificate.read_bytes()).decode(),
                },
                "namespaceSelector": {"matchLabels": {"app.kubernetes.io/part-of": "boutique"}},
                "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}],
            }
        ],
    }


async def _apply(api: AsyncClient, manifest: dict[str, Any]) -> Any:
    return await api.apply(from_dict(manifest), force=True)
