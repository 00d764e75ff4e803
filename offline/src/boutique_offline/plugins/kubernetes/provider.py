# ruff: noqa: N802 - the methods have the names of the protocol
"""The plugin as the engine sees it: `pulumirpc.ResourceProvider`, translated to plain calls and back."""

from typing import Any

from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2

from boutique_offline.plugins.kubernetes import configuration
from boutique_offline.plugins.kubernetes.awaiting import DEFAULT_TIMEOUT_SECONDS, Patience
from boutique_offline.plugins.kubernetes.chart import CHART, construct_chart
from boutique_offline.plugins.kubernetes.diff import Change, property_path
from boutique_offline.plugins.kubernetes.naming import automatic_name
from boutique_offline.plugins.kubernetes.resources import Recorded, Resource, Resources
from boutique_offline.plugins.properties import decode, encode
from boutique_offline.plugins.provider import Context, EmulatedProvider
from boutique_offline.plugins.serving import Engine, PluginError

_KINDS = {
    (Change.ADD, False): provider_pb2.PropertyDiff.ADD,
    (Change.ADD, True): provider_pb2.PropertyDiff.ADD_REPLACE,
    (Change.DELETE, False): provider_pb2.PropertyDiff.DELETE,
    (Change.DELETE, True): provider_pb2.PropertyDiff.DELETE_REPLACE,
    (Change.UPDATE, False): provider_pb2.PropertyDiff.UPDATE,
    (Change.UPDATE, True): provider_pb2.PropertyDiff.UPDATE_REPLACE,
}


class KubernetesProvider(EmulatedProvider):
    """One configured provider."""

    package = "pulumi-kubernetes"

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._configured: Resources | None = None

    @property
    def _resources(self) -> Resources:
        if self._configured is None:
            raise PluginError("the engine used the provider before it configured it")
        return self._configured

    async def Handshake(
        self, _: provider_pb2.ProviderHandshakeRequest, __: Context
    ) -> provider_pb2.ProviderHandshakeResponse:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, supports_autonaming_configuration=True)

    async def CheckConfig(self, request: provider_pb2.CheckRequest, _: Context) -> provider_pb2.CheckResponse:
        try:
            configuration.read(decode(request.news))
        except PluginError as error:
            return provider_pb2.CheckResponse(failures=[provider_pb2.CheckFailure(reason=str(error))])
        return provider_pb2.CheckResponse(inputs=request.news)

    async def DiffConfig(self, request: provider_pb2.DiffRequest, _: Context) -> provider_pb2.DiffResponse:
        old, new = decode(request.old_inputs), decode(request.news)
        replaces = configuration.another_cluster(old, new)
        changed = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE,
            diffs=changed,
            replaces=replaces,
        )

    async def Configure(self, request: provider_pb2.ConfigureRequest, _: Context) -> provider_pb2.ConfigureResponse:
        self._configured = Resources(configuration.read(decode(request.args)))
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, supports_autonaming_configuration=True
        )

    async def Check(self, request: provider_pb2.CheckRequest, _: Context) -> provider_pb2.CheckResponse:
        old, new = decode(request.olds), decode(request.news)
        try:
            inputs = await self._resources.check(_resource(request), old, new, _proposed_name(request))
        except PluginError as error:
            return provider_pb2.CheckResponse(failures=[provider_pb2.CheckFailure(reason=str(error))])
        return provider_pb2.CheckResponse(inputs=encode(inputs))

    async def Diff(self, request: provider_pb2.DiffRequest, _: Context) -> provider_pb2.DiffResponse:
        comparison = await self._resources.compare(_resource(request), _recorded(request), decode(request.news))
        some = provider_pb2.DiffResponse.DIFF_SOME if comparison.changes else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(
            changes=some,
            replaces=[property_path(path) for path in comparison.replacing],
            deleteBeforeReplace=comparison.delete_first,
            detailedDiff={
                property_path(path): provider_pb2.PropertyDiff(
                    kind=_KINDS[change, path in comparison.replacing], inputDiff=True
                )
                for path, change in comparison.changes.items()
            },
            hasDetailedDiff=True,
        )

    async def Create(self, request: provider_pb2.CreateRequest, _: Context) -> provider_pb2.CreateResponse:
        inputs = decode(request.properties)
        if request.preview:
            expected = await self._resources.preview_create(_resource(request), inputs)
            return provider_pb2.CreateResponse(properties=encode(expected))
        identifier, state = await self._resources.create(_resource(request), inputs, self._patience(request))
        return provider_pb2.CreateResponse(id=identifier, properties=encode(state))

    async def Read(self, request: provider_pb2.ReadRequest, _: Context) -> provider_pb2.ReadResponse:
        recorded = Recorded(decode(request.inputs), decode(request.properties))
        now = await self._resources.read(_resource(request), request.id, recorded)
        if now is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(id=request.id, inputs=encode(now.inputs), properties=encode(now.live))

    async def Update(self, request: provider_pb2.UpdateRequest, _: Context) -> provider_pb2.UpdateResponse:
        resource, recorded, new = _resource(request), _recorded(request), decode(request.news)
        ignored = list(request.ignoreChanges)
        if request.preview:
            state = await self._resources.preview_update(resource, recorded, new, ignored)
        else:
            state = await self._resources.update(resource, recorded, new, ignored, self._patience(request))
        return provider_pb2.UpdateResponse(properties=encode(state))

    async def Delete(self, request: provider_pb2.DeleteRequest, _: Context) -> empty_pb2.Empty:
        await self._resources.delete(
            _resource(request), request.id, decode(request.properties), self._patience(request)
        )
        return empty_pb2.Empty()

    async def Construct(self, request: provider_pb2.ConstructRequest, _: Context) -> provider_pb2.ConstructResponse:
        if request.type != CHART:
            raise PluginError(f"component {request.type} is not covered by this stand-in plugin")
        return await construct_chart(request, self._resources, self._engine)

    async def Invoke(self, request: provider_pb2.InvokeRequest, _: Context) -> provider_pb2.InvokeResponse:
        raise PluginError(f"function {request.tok} is not covered by this stand-in plugin")

    async def Call(self, request: provider_pb2.CallRequest, _: Context) -> provider_pb2.CallResponse:
        raise PluginError(f"method {request.tok} is not covered by this stand-in plugin")

    async def Cancel(self, _: empty_pb2.Empty, __: Context) -> empty_pb2.Empty:
        if self._configured:
            self._configured.interrupt()
        return empty_pb2.Empty()

    def _patience(self, request: Any) -> Patience:
        """The resource's own timeout if it has one; shows each message once, however often it is repeated."""
        shown = ""

        def report(message: str) -> None:
            nonlocal shown
            if message != shown:
                shown = message
                self._engine.status(request.urn, message)

        return Patience(request.timeout or DEFAULT_TIMEOUT_SECONDS, report)


def _resource(request: Any) -> Resource:
    return Resource(urn=request.urn, token=request.type)


def _recorded(request: Any) -> Recorded:
    return Recorded(decode(request.old_inputs), decode(request.olds))


def _proposed_name(request: provider_pb2.CheckRequest) -> str:
    """The engine's own proposal where the project configures naming; nothing where it forbids it."""
    if not request.HasField("autonaming"):
        return automatic_name(request.name, request.randomSeed)
    if request.autonaming.mode == provider_pb2.CheckRequest.AutonamingOptions.DISABLE:
        return ""
    return request.autonaming.proposed_name
