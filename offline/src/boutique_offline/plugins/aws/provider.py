# ruff: noqa: N802 - the methods have the names of the protocol
"""The `aws` provider: converts the engine's calls to plain values and back."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2

from boutique_offline.plugins.aws import configuration, functions, types
from boutique_offline.plugins.aws.api import Api
from boutique_offline.plugins.aws.calls import Properties, Resource
from boutique_offline.plugins.aws.resources import IncompleteError, Resources
from boutique_offline.plugins.properties import Secret, conceal, decode, encode, reveal
from boutique_offline.plugins.provider import (
    Context,
    EmulatedProvider,
    changed_names,
    check_response,
    diff_response,
    invoke_response,
)
from boutique_offline.plugins.serving import Engine, InitializationFailedError, PluginError


class AwsProvider(EmulatedProvider):
    """Covers the types in the tables of `types`, and the functions of functions.py."""

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
        def check() -> Properties:
            settings = decode(request.news)
            configuration.read(settings)
            return settings

        return check_response(check)

    async def DiffConfig(self, request: provider_pb2.DiffRequest, _: Context) -> provider_pb2.DiffResponse:
        changed = changed_names(decode(request.old_inputs), decode(request.news))
        # Resources of one region do not exist in another.
        return diff_response(changed, [name for name in changed if name == "region"])

    async def Configure(
        self, request: provider_pb2.ConfigureRequest, context: Context
    ) -> provider_pb2.ConfigureResponse:
        configured = configuration.read(decode(request.args))
        api = Api(configuration.account_endpoint(), configured.region)
        account = await functions.check_account(api, configured.allowed_accounts)
        self._configured = api, Resources(api, account, configured.default_tags)
        return await super().Configure(request, context)

    async def Check(self, request: provider_pb2.CheckRequest, _: Context) -> provider_pb2.CheckResponse:
        def check() -> Properties:
            old, new = reveal(decode(request.olds)), decode(request.news)
            inputs = self._resources.check(_resource(request), old, reveal(new), request.randomSeed)
            concealed: Properties = conceal(inputs, new)
            return concealed

        return check_response(check)

    async def Diff(self, request: provider_pb2.DiffRequest, _: Context) -> provider_pb2.DiffResponse:
        resource = _resource(request)
        old, new = reveal(decode(request.old_inputs)), reveal(decode(request.news))
        comparison = self._resources.compare(resource, old, new)
        if comparison.replacing and resource.type.holds_data:
            names = ", ".join(comparison.replacing)
            self._engine.warn(request.urn, f"Changing {names} replaces {resource}, and its data will be lost.")
        return diff_response(comparison.changed, comparison.replacing, delete_first=comparison.delete_first)

    async def Create(self, request: provider_pb2.CreateRequest, _: Context) -> provider_pb2.CreateResponse:
        resource, inputs = _resource(request), decode(request.properties)
        if request.preview:
            expected = self._resources.preview(resource, reveal(inputs))
            return provider_pb2.CreateResponse(properties=encode(_conceal(resource, expected, inputs)))
        with _named(resource):
            try:
                identifier, state = await self._resources.create(resource, reveal(inputs))
            except IncompleteError as error:
                state = _conceal(resource, error.state, inputs)
                reasons = [f"{resource}: {error}"]
                raise InitializationFailedError(reasons, error.identifier, state, inputs) from error
        return provider_pb2.CreateResponse(id=identifier, properties=encode(_conceal(resource, state, inputs)))

    async def Read(self, request: provider_pb2.ReadRequest, _: Context) -> provider_pb2.ReadResponse:
        resource, inputs = _resource(request), decode(request.inputs)
        state = reveal(decode(request.properties))
        with _named(resource):
            now = await self._resources.read(resource, request.id, reveal(inputs), state)
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
        with _named(resource):
            if request.preview:
                state = self._resources.preview(resource, reveal(inputs), state)
            else:
                state = await self._resources.update(resource, old, reveal(inputs), state)
        return provider_pb2.UpdateResponse(properties=encode(_conceal(resource, state, inputs)))

    async def Delete(self, request: provider_pb2.DeleteRequest, _: Context) -> empty_pb2.Empty:
        resource = _resource(request)
        with _named(resource):
            await self._resources.delete(resource, request.id, reveal(decode(request.properties)))
        return empty_pb2.Empty()

    async def Invoke(self, request: provider_pb2.InvokeRequest, _: Context) -> provider_pb2.InvokeResponse:
        return invoke_response(await functions.invoke(self._api, request.tok, reveal(decode(request.args))))


def _resource(request: Any) -> Resource:
    return Resource(request.type, types.find(request.type), request.name)


@contextmanager
def _named(resource: Resource) -> Iterator[None]:
    """Adds the resource's name to the message of a PluginError."""
    try:
        yield
    except InitializationFailedError:
        raise
    except PluginError as error:
        raise PluginError(f"{resource}: {error}") from error


def _conceal(resource: Resource, values: Properties, inputs: Properties) -> Properties:
    """Marks as secret the values that are secret in the inputs, or always for the type."""
    concealed: Properties = conceal(values, inputs)
    return {
        name: Secret(value) if name in resource.type.secrets and not isinstance(value, Secret) else value
        for name, value in concealed.items()
    }
