# ruff: noqa: N802 - the methods have the names of the protocol
"""What every plugin that stands in for an official provider tells the engine alike."""

from importlib.metadata import version
from typing import Any, ClassVar

from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

Context = Any  # grpc.aio.ServicerContext, whose type parameters say nothing here


class StandIn(provider_pb2_grpc.ResourceProviderServicer):
    """What a provider does not define is answered as not covered.

    `package` is the Python package by which a program uses the official provider.
    """

    package: ClassVar[str]

    async def Handshake(
        self, _: provider_pb2.ProviderHandshakeRequest, __: Context
    ) -> provider_pb2.ProviderHandshakeResponse:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    async def GetPluginInfo(self, _: empty_pb2.Empty, __: Context) -> plugin_pb2.PluginInfo:
        # The engine warns of a plugin whose version is not the one that the program's package asks for.
        return plugin_pb2.PluginInfo(version=version(self.package))

    async def CheckConfig(self, request: provider_pb2.CheckRequest, _: Context) -> provider_pb2.CheckResponse:
        return provider_pb2.CheckResponse(inputs=request.news)

    async def DiffConfig(self, request: provider_pb2.DiffRequest, _: Context) -> provider_pb2.DiffResponse:
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    async def Cancel(self, _: empty_pb2.Empty, __: Context) -> empty_pb2.Empty:
        return empty_pb2.Empty()
