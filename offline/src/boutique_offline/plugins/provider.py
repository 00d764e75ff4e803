# ruff: noqa: N802 - the methods have the names of the protocol
"""Implements what all emulated providers have in common, and builds their responses."""

from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from typing import Any, ClassVar

from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from boutique_offline.plugins.properties import encode
from boutique_offline.plugins.serving import PluginError

Context = Any  # grpc.aio.ServicerContext, whose type parameters say nothing here


class EmulatedProvider(provider_pb2_grpc.ResourceProviderServicer):
    """Implements the service ResourceProvider of Pulumi's contract. Refuses methods that are not defined here.

    `package` is the Python package through which programs use the official provider.
    """

    package: ClassVar[str]

    async def Handshake(
        self, _: provider_pb2.ProviderHandshakeRequest, __: Context
    ) -> provider_pb2.ProviderHandshakeResponse:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    async def GetPluginInfo(self, _: empty_pb2.Empty, __: Context) -> plugin_pb2.PluginInfo:
        # The engine warns about any other version than the one that the program's package asks for.
        return plugin_pb2.PluginInfo(version=version(self.package))

    async def CheckConfig(self, request: provider_pb2.CheckRequest, _: Context) -> provider_pb2.CheckResponse:
        return provider_pb2.CheckResponse(inputs=request.news)

    async def DiffConfig(self, request: provider_pb2.DiffRequest, _: Context) -> provider_pb2.DiffResponse:
        return diff_response([])

    async def Configure(self, __: provider_pb2.ConfigureRequest, ___: Context) -> provider_pb2.ConfigureResponse:
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    async def Construct(self, request: provider_pb2.ConstructRequest, _: Context) -> provider_pb2.ConstructResponse:
        raise not_covered(f"component {request.type}")

    async def Call(self, request: provider_pb2.CallRequest, _: Context) -> provider_pb2.CallResponse:
        raise not_covered(f"method {request.tok}")

    async def Cancel(self, _: empty_pb2.Empty, __: Context) -> empty_pb2.Empty:
        return empty_pb2.Empty()


def not_covered(subject: str) -> PluginError:
    """Returns the error for something that an emulated plugin does not support."""
    return PluginError(f"{subject} is not covered by this emulated plugin")


def check_response(check: Callable[[], dict[str, Any]]) -> provider_pb2.CheckResponse:
    """Returns the inputs that `check` returns, or the PluginError that it raises as a failed check."""
    try:
        return provider_pb2.CheckResponse(inputs=encode(check()))
    except PluginError as error:
        return provider_pb2.CheckResponse(failures=[provider_pb2.CheckFailure(reason=str(error))])


def changed_names(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Returns the names of the properties that differ."""
    return sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))


def diff_response(
    changed: Sequence[str], replaces: Sequence[str] = (), *, delete_first: bool = False
) -> provider_pb2.DiffResponse:
    """Returns the response for changed properties. Those in `replaces` need another resource."""
    some = provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
    return provider_pb2.DiffResponse(changes=some, diffs=changed, replaces=replaces, deleteBeforeReplace=delete_first)


def invoke_response(values: dict[str, Any]) -> provider_pb2.InvokeResponse:
    """Returns the response of a function."""
    response = provider_pb2.InvokeResponse()
    # The name of the field is a keyword of Python.
    field: Any = getattr(response, "return")
    field.CopyFrom(encode(values))
    return response
