# ruff: noqa: N802 - the methods have the names of the protocol
"""The plugin as the engine sees it: `pulumirpc.ResourceProvider`, translated to requests and back."""

from typing import Any

from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2

from boutique_offline.plugins.cloudflare.api import Api, ApiError
from boutique_offline.plugins.cloudflare.types import Properties, ResourceType, find_function, find_resource
from boutique_offline.plugins.properties import UNKNOWN, Unknown, contains, decode, encode, reveal
from boutique_offline.plugins.serving import Engine, PluginError
from boutique_offline.plugins.stand_in import Context, StandIn


class CloudflareProvider(StandIn):
    """One configured provider."""

    package = "pulumi-cloudflare"

    def __init__(self, _: Engine) -> None:
        super().__init__()
        self._configured: Api | None = None

    @property
    def _api(self) -> Api:
        if self._configured is None:
            raise PluginError("the engine used the provider before it configured it")
        return self._configured

    async def CheckConfig(self, request: provider_pb2.CheckRequest, _: Context) -> provider_pb2.CheckResponse:
        failures = [
            provider_pb2.CheckFailure(reason=f"cloudflare provider: {name} is not covered by this stand-in plugin")
            for name in sorted(decode(request.news).keys() - {"version"})
        ]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    async def Configure(self, _: provider_pb2.ConfigureRequest, __: Context) -> provider_pb2.ConfigureResponse:
        self._configured = Api()
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    async def Check(self, request: provider_pb2.CheckRequest, _: Context) -> provider_pb2.CheckResponse:
        try:
            failures = _mistakes(request.type, find_resource(request.type), decode(request.news))
        except PluginError as error:
            failures = [str(error)]
        return provider_pb2.CheckResponse(
            inputs=request.news, failures=[provider_pb2.CheckFailure(reason=failure) for failure in failures]
        )

    async def Diff(self, request: provider_pb2.DiffRequest, _: Context) -> provider_pb2.DiffResponse:
        resource = find_resource(request.type)
        old, new = reveal(decode(request.old_inputs)), reveal(decode(request.news))
        changed = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
        some = provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
        replaces = [name for name in changed if name in resource.replaces]
        return provider_pb2.DiffResponse(changes=some, diffs=changed, replaces=replaces)

    async def Create(self, request: provider_pb2.CreateRequest, _: Context) -> provider_pb2.CreateResponse:
        resource, inputs = find_resource(request.type), decode(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(properties=encode(inputs | dict.fromkeys(resource.computed, UNKNOWN)))
        plain = reveal(inputs)
        made = await self._api.ask(resource.create, resource.collection.format(**plain), _content(resource, plain))
        return provider_pb2.CreateResponse(id=made["id"], properties=encode(inputs | _computed(resource, made)))

    async def Read(self, request: provider_pb2.ReadRequest, _: Context) -> provider_pb2.ReadResponse:
        """A refresh asks with what was set, and sees that alone; an import with nothing, and sees all."""
        resource, inputs, identifier = find_resource(request.type), decode(request.inputs), request.id
        seen = [name for name in resource.members if name in inputs]
        if not inputs:
            inputs, identifier = _imported(resource, request.id)
            seen = list(resource.members)
        try:
            live = await self._api.ask("GET", resource.one.format(**reveal(inputs), id=identifier))
        except ApiError as error:
            if error.absent:
                return provider_pb2.ReadResponse()
            raise
        now = {name: value for name, value in inputs.items() if name not in resource.members}
        now |= {name: value for name in seen if (value := live[resource.members[name]]) is not None}
        return provider_pb2.ReadResponse(
            id=identifier, inputs=encode(now), properties=encode(now | _computed(resource, live))
        )

    async def Update(self, request: provider_pb2.UpdateRequest, _: Context) -> provider_pb2.UpdateResponse:
        resource, inputs = find_resource(request.type), decode(request.news)
        if request.preview:
            return provider_pb2.UpdateResponse(properties=encode(inputs | dict.fromkeys(resource.computed, UNKNOWN)))
        plain = reveal(inputs)
        path = resource.one.format(**plain, id=request.id)
        live = await self._api.ask(resource.update, path, _content(resource, plain))
        return provider_pb2.UpdateResponse(properties=encode(inputs | _computed(resource, live)))

    async def Delete(self, request: provider_pb2.DeleteRequest, _: Context) -> empty_pb2.Empty:
        resource = find_resource(request.type)
        if resource.deletes:
            properties = reveal(decode(request.properties)) | {"id": request.id}
            try:
                await self._api.ask("DELETE", resource.one.format(**properties))
            except ApiError as error:
                if not error.absent:
                    raise
        return empty_pb2.Empty()

    async def Invoke(self, request: provider_pb2.InvokeRequest, _: Context) -> provider_pb2.InvokeResponse:
        function, arguments = find_function(request.tok), reveal(decode(request.args))
        if unknown := sorted(arguments.keys() - set(function.takes)):
            raise PluginError(f"{request.tok}: argument {unknown[0]} is not covered by this stand-in plugin")
        found = await self._api.ask("GET", function.path.format(**arguments))
        answer = provider_pb2.InvokeResponse()
        # The field's name is a word of Python's.
        field: Any = getattr(answer, "return")
        field.CopyFrom(encode(arguments | {name: found[member] for name, member in function.answer.items()}))
        return answer

    async def Construct(self, request: provider_pb2.ConstructRequest, _: Context) -> provider_pb2.ConstructResponse:
        raise PluginError(f"component {request.type} is not covered by this stand-in plugin")

    async def Call(self, request: provider_pb2.CallRequest, _: Context) -> provider_pb2.CallResponse:
        raise PluginError(f"method {request.tok} is not covered by this stand-in plugin")


def _mistakes(token: str, resource: ResourceType, inputs: Properties) -> list[str]:
    known = {*resource.members, *resource.replaces, *resource.needed}
    found = [f"{token}: {name} is not covered by this stand-in plugin" for name in sorted(inputs.keys() - known)]
    found += [f"{token}: {name} is needed" for name in resource.needed if inputs.get(name) is None]
    if inputs.get("proxied") is True and inputs.get("ttl") not in (1, None) and not contains(inputs["ttl"], Unknown):
        found.append(f"{token}: ttl must be 1 where proxied is true")
    return found


def _imported(resource: ResourceType, given: str) -> tuple[Properties, str]:
    """The inputs by which a resource is found, and its id, of what a user imports."""
    zone, slash, identifier = given.partition("/")
    if not (zone and slash and identifier):
        raise PluginError(f"import: {given!r}: must be <zone id>/<id>")
    return {"zoneId": zone, **dict.fromkeys(resource.named_by, identifier)}, identifier


def _content(resource: ResourceType, inputs: Properties) -> Properties:
    return {member: inputs[name] for name, member in resource.members.items() if inputs.get(name) is not None}


def _computed(resource: ResourceType, live: Properties) -> Properties:
    return {name: live.get(member) for name, member in resource.computed.items()}
