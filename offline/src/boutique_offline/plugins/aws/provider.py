# ruff: noqa: N802 - the methods have the names of the protocol
"""The plugin as the engine sees it: `pulumirpc.ResourceProvider`, translated to plain calls and back."""

from typing import Any

from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2

from boutique_offline.plugins.aws import configuration, functions, types
from boutique_offline.plugins.aws.api import Api
from boutique_offline.plugins.aws.calling import Properties, Resource
from boutique_offline.plugins.aws.resources import IncompleteError, Resources
from boutique_offline.plugins.properties import Secret, conceal, decode, encode, reveal
from boutique_offline.plugins.serving import Engine, InitializationFailedError, PluginError
from boutique_offline.plugins.stand_in import Context, StandIn


class AwsProvider(StandIn):
    """One configured provider."""

    package = "pulumi-aws"

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._configured: tuple[Api, Resources] | None = None

    @property
    def _api(self) -> Api:
        return self._ready()[0]

    @property
    def _resources(self) -> Resources:
        return self._ready()[1]

    def _ready(self) -> tuple[Api, Resources]:
        if self._configured is None:
            raise PluginError("the engine used the provider before it configured it")
        return self._configured

    async def CheckConfig(self, request: provider_pb2.CheckRequest, _: Context) -> provider_pb2.CheckResponse:
        try:
            configuration.read(decode(request.news))
        except PluginError as error:
            return provider_pb2.CheckResponse(failures=[provider_pb2.CheckFailure(reason=str(error))])
        return provider_pb2.CheckResponse(inputs=request.news)

    async def DiffConfig(self, request: provider_pb2.DiffRequest, _: Context) -> provider_pb2.DiffResponse:
        old, new = decode(request.old_inputs), decode(request.news)
        changed = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
        # What was made in one region is not in another.
        return _difference(changed, [name for name in changed if name == "region"])

    async def Configure(self, request: provider_pb2.ConfigureRequest, _: Context) -> provider_pb2.ConfigureResponse:
        configured = configuration.read(decode(request.args))
        api = Api(configuration.emulator(), configured.region)
        account = await functions.check_account(api, configured.allowed_accounts)
        self._configured = api, Resources(api, account, configured.default_tags)
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    async def Check(self, request: provider_pb2.CheckRequest, _: Context) -> provider_pb2.CheckResponse:
        old, new = reveal(decode(request.olds)), decode(request.news)
        try:
            inputs = self._resources.check(_resource(request), old, reveal(new), request.randomSeed)
        except PluginError as error:
            return provider_pb2.CheckResponse(failures=[provider_pb2.CheckFailure(reason=str(error))])
        return provider_pb2.CheckResponse(inputs=encode(conceal(inputs, new)))

    async def Diff(self, request: provider_pb2.DiffRequest, _: Context) -> provider_pb2.DiffResponse:
        resource = _resource(request)
        old, new = reveal(decode(request.old_inputs)), reveal(decode(request.news))
        comparison = self._resources.compare(resource, old, new)
        if comparison.replacing and resource.type.holds_data:
            names = ", ".join(comparison.replacing)
            self._engine.warn(
                request.urn, f"A change of {names} replaces {resource}: what the present one holds is lost with it."
            )
        answer = _difference(comparison.changed, comparison.replacing)
        answer.deleteBeforeReplace = comparison.delete_first
        return answer

    async def Create(self, request: provider_pb2.CreateRequest, _: Context) -> provider_pb2.CreateResponse:
        resource, inputs = _resource(request), decode(request.properties)
        if request.preview:
            expected = self._resources.preview(resource, reveal(inputs))
            return provider_pb2.CreateResponse(properties=encode(_conceal(resource, expected, inputs)))
        try:
            identifier, state = await self._resources.create(resource, reveal(inputs))
        except IncompleteError as error:
            state = _conceal(resource, error.state, inputs)
            raise InitializationFailedError([_said(resource, error)], error.identifier, state, inputs) from error
        except PluginError as error:
            raise PluginError(_said(resource, error)) from error
        return provider_pb2.CreateResponse(id=identifier, properties=encode(_conceal(resource, state, inputs)))

    async def Read(self, request: provider_pb2.ReadRequest, _: Context) -> provider_pb2.ReadResponse:
        resource, inputs = _resource(request), decode(request.inputs)
        state = reveal(decode(request.properties))
        try:
            now = await self._resources.read(resource, request.id, reveal(inputs), state)
        except PluginError as error:
            raise PluginError(_said(resource, error)) from error
        if now is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=request.id,
            inputs=encode(_conceal(resource, now.inputs, inputs)),
            properties=encode(_conceal(resource, now.state, inputs)),
        )

    async def Update(self, request: provider_pb2.UpdateRequest, _: Context) -> provider_pb2.UpdateResponse:
        resource, inputs = _resource(request), decode(request.news)
        old, state = reveal(decode(request.old_inputs)), reveal(decode(request.olds)) | {"id": request.id}
        try:
            if request.preview:
                state = self._resources.preview(resource, reveal(inputs), state)
            else:
                state = await self._resources.update(resource, old, reveal(inputs), state)
        except PluginError as error:
            raise PluginError(_said(resource, error)) from error
        return provider_pb2.UpdateResponse(properties=encode(_conceal(resource, state, inputs)))

    async def Delete(self, request: provider_pb2.DeleteRequest, _: Context) -> empty_pb2.Empty:
        resource = _resource(request)
        try:
            await self._resources.delete(resource, request.id, reveal(decode(request.properties)))
        except PluginError as error:
            raise PluginError(_said(resource, error)) from error
        return empty_pb2.Empty()

    async def Invoke(self, request: provider_pb2.InvokeRequest, _: Context) -> provider_pb2.InvokeResponse:
        answer = provider_pb2.InvokeResponse()
        # The field's name is a word of Python's.
        field: Any = getattr(answer, "return")
        field.CopyFrom(encode(await functions.invoke(self._api, request.tok, reveal(decode(request.args)))))
        return answer

    async def Construct(self, request: provider_pb2.ConstructRequest, _: Context) -> provider_pb2.ConstructResponse:
        raise PluginError(f"component {request.type} is not covered by this stand-in plugin")

    async def Call(self, request: provider_pb2.CallRequest, _: Context) -> provider_pb2.CallResponse:
        raise PluginError(f"method {request.tok} is not covered by this stand-in plugin")


def _resource(request: Any) -> Resource:
    return Resource(request.type, types.find(request.type), request.name)


def _said(resource: Resource, error: PluginError) -> str:
    return f"{resource}: {error}"


def _conceal(resource: Resource, values: Properties, inputs: Properties) -> Properties:
    """The values with those marked as secret that the program's inputs or the type have so."""
    concealed: Properties = conceal(values, inputs)
    return {
        name: Secret(value) if name in resource.type.secrets and not isinstance(value, Secret) else value
        for name, value in concealed.items()
    }


def _difference(changed: list[str], replacing: list[str]) -> provider_pb2.DiffResponse:
    some = provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
    return provider_pb2.DiffResponse(changes=some, diffs=changed, replaces=replacing)
