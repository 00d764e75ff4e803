# ruff: noqa: N802 - the methods have the names of the protocol
"""The `eks` provider: one component, composed of resources of the `aws` provider."""

from importlib.metadata import version
from typing import Any

import pulumi
from pulumi.provider import ConstructResult, Provider
from pulumi.provider.server import ProviderServicer
from pulumi.runtime.proto import provider_pb2

from boutique_offline.plugins.eks.cluster import CLUSTER, Cluster, uncovered
from boutique_offline.plugins.properties import decode
from boutique_offline.plugins.provider import Context, EmulatedProvider, not_covered
from boutique_offline.plugins.serving import PluginError


class EksProvider(EmulatedProvider, ProviderServicer):
    """Covers `eks.Cluster` with EKS Auto Mode."""

    package = "pulumi-eks"

    def __init__(self, engine_address: str) -> None:
        super().__init__(_Components(version(self.package)), [], engine_address)

    async def Construct(self, request: provider_pb2.ConstructRequest, context: Context) -> Any:
        if request.type != CLUSTER:
            raise not_covered(f"component {request.type}")
        if problem := uncovered(decode(request.inputs)):
            raise PluginError(f"{request.type} {request.name!r}: {problem}")
        return await ProviderServicer.Construct(self, request, context)


class _Components(Provider):
    def construct(
        self, name: str, resource_type: str, inputs: pulumi.Inputs, options: pulumi.ResourceOptions | None = None
    ) -> ConstructResult:
        cluster = Cluster(name, dict(inputs), options)
        return ConstructResult(cluster.urn, cluster.outputs)
