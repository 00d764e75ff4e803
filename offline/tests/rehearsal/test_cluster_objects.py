"""Tests the objects that a rehearsal creates in place of EKS against a real API server."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from lightkube import ApiError, AsyncClient
from lightkube.codecs import from_dict, load_all_yaml
from lightkube.resources.admissionregistration_v1 import MutatingWebhookConfiguration
from lightkube.resources.core_v1 import Namespace, Service
from lightkube.resources.networking_v1 import NetworkPolicy

from boutique_offline.rehearsal.eks import objects
from dev.clusters.client import connect_async

pytestmark = pytest.mark.cluster

SHOP = """
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Service
metadata: {name: frontend, namespace: shop}
spec:
  selector: {app: frontend}
  ports: [{name: http, port: 80, targetPort: 8080}]
"""
BINDING = {
    "apiVersion": "eks.amazonaws.com/v1",
    "kind": "TargetGroupBinding",
    "metadata": {"name": "frontend", "namespace": "shop"},
    "spec": {
        "targetGroupARN": "arn:aws:elasticloadbalancing:eu-central-1:1:targetgroup/frontend",
        "serviceRef": {"name": "frontend", "port": 80},
    },
}


@pytest.fixture
async def api(kubeconfig: Path) -> AsyncIterator[AsyncClient]:
    async with connect_async(kubeconfig, objects.MANAGER) as api:
        yield api


async def test_objects_of_eks_are_created_once_and_deleted_with_the_namespace(api: AsyncClient, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("a certificate")
    with pytest.raises(ApiError, match="not found"):
        await objects.allow_egress(api, "shop", "10.0.0.1")
    for manifest in load_all_yaml(SHOP):
        await api.create(manifest)
    await objects.allow_egress(api, "shop", "10.0.0.1")
    assert await api.get(NetworkPolicy, "rehearsal", namespace="shop")

    await objects.install(api, "10.0.0.1:443", tmp_path / "ca.pem")
    assert await api.get(MutatingWebhookConfiguration, "rehearsal")
    endpoint = objects.Endpoint("db.rds.amazonaws.com", 5432, "10.0.0.1", 15432)
    address = await objects.publish(api, endpoint)
    assert address == await objects.publish(api, endpoint)

    await api.create(from_dict(BINDING))
    assert await objects.open_targets(api, "shop", iter([30080])) == [30080]
    opened = await api.get(Service, "rehearsal-frontend", namespace="shop")
    assert opened.spec
    assert opened.spec.selector == {"app": "frontend"}

    await objects.delete_namespace(api, "shop")
    with pytest.raises(ApiError, match="not found"):
        await api.get(Namespace, "shop")
    await objects.delete_namespace(api, "shop")
