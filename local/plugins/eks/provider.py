# ruff: noqa: N802 - the methods have the names of the protocol
"""The `eks` provider as the engine sees it: one component, made of resources of the `aws` provider."""

from importlib.metadata import version
from typing import Any

import pulumi
from google.protobuf import empty_pb2
from pulumi.provider import ConstructResult, Provider
from pulumi.provider.server import ProviderServicer
from pulumi.runtime.proto import plugin_pb2, provider_pb2

from local.plugins.eks.cluster import CLUSTER, Cluster, uncovered
from local.plugins.properties import decode
from local.plugins.serving import PluginError

Context = Any  # grpc.aio.ServicerContext, whose type parameters say nothing here


class EksProvider(ProviderServicer):
    """Covers `eks.Cluster` with EKS Auto Mode; what it does not define is answered as not covered."""

    def __init__(self, engine_address: str) -> None:
        super().__init__(_Components(version("pulumi-eks")), [], engine_address)

    async def Handshake(
        self, _: provider_pb2.ProviderHandshakeRequest, __: Context
    ) -> provider_pb2.ProviderHandshakeResponse:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    async def GetPluginInfo(self, _: empty_pb2.Empty, __: Context) -> plugin_pb2.PluginInfo:
        # The engine warns of a plugin whose version is not the one that the program's package asks for.
        return plugin_pb2.PluginInfo(version=version("pulumi-eks"))

    async def CheckConfig(self, request: provider_pb2.CheckRequest, _: Context) -> provider_pb2.CheckResponse:
        return provider_pb2.CheckResponse(inputs=request.news)

    async def DiffConfig(self, _: provider_pb2.DiffRequest, __: Context) -> provider_pb2.DiffResponse:
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    async def Construct(self, request: provider_pb2.ConstructRequest, context: Context) -> Any:
        if request.type != CLUSTER:
            raise PluginError(f"component {request.type} is not covered by this stand-in plugin")
        if problem := uncovered(decode(request.inputs)):
            raise PluginError(f"{request.type} {request.name!r}: {problem}")
        return await super().Construct(request, context)

    async def Call(self, request: provider_pb2.CallRequest, _: Context) -> provider_pb2.CallResponse:
        raise PluginError(f"method {request.tok} is not covered by this stand-in plugin")

    async def Cancel(self, _: empty_pb2.Empty, __: Context) -> empty_pb2.Empty:
        return empty_pb2.Empty()


class _Components(Provider):
    def construct(
        self, name: str, resource_type: str, inputs: pulumi.Inputs, options: pulumi.ResourceOptions | None = None
    ) -> ConstructResult:
        cluster = Cluster(name, dict(inputs), options)
        return ConstructResult(cluster.urn, cluster.outputs)
